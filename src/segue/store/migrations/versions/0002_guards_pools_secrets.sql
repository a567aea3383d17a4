ALTER TABLE runs ADD COLUMN stop TEXT DEFAULT '' NOT NULL;
ALTER TABLE runs ADD COLUMN stopped_by TEXT DEFAULT '' NOT NULL;
ALTER TABLE runs ADD COLUMN spent INTEGER DEFAULT 0 NOT NULL;
ALTER TABLE runs ADD COLUMN placed_at INTEGER;
ALTER TABLE tasks ADD COLUMN preview BLOB;
ALTER TABLE tasks ADD COLUMN staged BLOB;
ALTER TABLE attempts ADD COLUMN rows INTEGER;
ALTER TABLE attempts ADD COLUMN source TEXT DEFAULT '' NOT NULL;
CREATE INDEX attempts_hooks ON attempts (run) WHERE kind = 'hook';
ALTER TABLE requests ADD COLUMN body BLOB;
CREATE INDEX requests_open ON requests (at) WHERE answered IS NULL;
CREATE TABLE pools (
	name TEXT NOT NULL,
	slots INTEGER NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE eased (
	dag TEXT NOT NULL,
	task TEXT NOT NULL,
	guard TEXT NOT NULL,
	"like" TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (dag, task, guard, "like")
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE steps (
	run INTEGER NOT NULL,
	seq INTEGER NOT NULL,
	step BLOB NOT NULL,
	PRIMARY KEY (run, seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE connections (
	name TEXT NOT NULL,
	sealed BLOB NOT NULL,
	key_id TEXT NOT NULL,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE secrets (
	name TEXT NOT NULL,
	sealed BLOB NOT NULL,
	key_id TEXT NOT NULL,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

ALTER TABLE dags ADD COLUMN accepted INTEGER;
ALTER TABLE dags ADD COLUMN generation TEXT DEFAULT '' NOT NULL;
ALTER TABLE dags ADD COLUMN foretold BLOB;
ALTER TABLE slots ADD COLUMN scheduled INTEGER DEFAULT 0 NOT NULL;
UPDATE slots SET scheduled = 1 WHERE EXISTS (SELECT 1 FROM runs WHERE runs.dag = slots.dag AND runs.slot_start = slots.slot_start AND runs.slot_end = slots.slot_end AND runs.kind = 'scheduled');
CREATE INDEX runs_good ON runs (dag, id) WHERE state = 'success';
CREATE INDEX runs_ended ON runs (ended) WHERE ended IS NOT NULL;
CREATE INDEX runs_backfill ON runs (backfill, state) WHERE backfill IS NOT NULL;
CREATE INDEX requests_run ON requests (run, at);
CREATE TABLE backfills (
	id INTEGER NOT NULL,
	dag TEXT NOT NULL,
	state TEXT NOT NULL,
	made INTEGER NOT NULL,
	total INTEGER NOT NULL,
	"order" TEXT NOT NULL,
	cap INTEGER NOT NULL,
	only BLOB NOT NULL,
	version INTEGER NOT NULL,
	bundle TEXT NOT NULL,
	params BLOB NOT NULL,
	reason TEXT NOT NULL,
	request TEXT NOT NULL,
	actor TEXT NOT NULL,
	created INTEGER NOT NULL,
	ended INTEGER,
	slots BLOB NOT NULL,
	PRIMARY KEY (id),
	CHECK (state = 'proposed' OR state = 'running' OR state = 'paused' OR state = 'cancelled' OR state = 'done' OR state = 'stopped')
)
 STRICT;
CREATE INDEX backfills_dag ON backfills (dag, id);

CREATE TABLE alerts (
	thing TEXT NOT NULL,
	kind TEXT NOT NULL,
	episode INTEGER NOT NULL,
	at INTEGER NOT NULL,
	last INTEGER NOT NULL,
	dag TEXT NOT NULL,
	run_key TEXT,
	run_n INTEGER,
	task TEXT NOT NULL,
	"key" TEXT NOT NULL,
	owner TEXT NOT NULL,
	text TEXT NOT NULL,
	causes BLOB,
	command TEXT NOT NULL,
	channels BLOB,
	connections BLOB,
	folded TEXT NOT NULL,
	over INTEGER NOT NULL,
	PRIMARY KEY (thing, kind, episode),
	CHECK (kind = 'failed' OR kind = 'missed' OR kind = 'deadline' OR kind = 'held' OR kind = 'longer' OR kind = 'past')
)
 STRICT;
CREATE INDEX alerts_at ON alerts (at);
CREATE INDEX alerts_last ON alerts (last);

CREATE TABLE deliveries (
	thing TEXT NOT NULL,
	kind TEXT NOT NULL,
	episode INTEGER NOT NULL,
	target TEXT NOT NULL,
	state TEXT NOT NULL,
	tries INTEGER NOT NULL,
	text TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (thing, kind, episode, target),
	CHECK (state = 'sent' OR state = 'failed' OR state = 'parked' OR state = 'silenced')
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE silences (
	selection TEXT NOT NULL,
	until INTEGER NOT NULL,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	PRIMARY KEY (selection)
)
 WITHOUT ROWID,
 STRICT;
