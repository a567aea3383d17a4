CREATE TABLE attempts (
	id INTEGER NOT NULL,
	run INTEGER NOT NULL,
	task_id TEXT NOT NULL,
	map_index INTEGER NOT NULL,
	number INTEGER NOT NULL,
	kind TEXT DEFAULT 'user' NOT NULL,
	round INTEGER NOT NULL,
	fence BLOB NOT NULL,
	state TEXT NOT NULL,
	cause TEXT NOT NULL,
	text TEXT NOT NULL,
	exit_code INTEGER,
	signal INTEGER,
	peak_rss INTEGER,
	cpu INTEGER,
	worker TEXT NOT NULL,
	log TEXT,
	notes BLOB,
	created INTEGER NOT NULL,
	started INTEGER,
	ended INTEGER,
	PRIMARY KEY (id),
	UNIQUE (run, task_id, map_index, number),
	CHECK (state = 'queued' OR state = 'running' OR state = 'success' OR state = 'failed' OR state = 'timed_out' OR state = 'lost' OR state = 'cancelled'),
	CHECK (kind = 'user' OR kind = 'publish' OR kind = 'hook')
)
 STRICT;

CREATE TABLE bundles (
	digest TEXT NOT NULL,
	location TEXT NOT NULL,
	files INTEGER,
	bytes INTEGER,
	created INTEGER NOT NULL,
	PRIMARY KEY (digest)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE dags (
	id INTEGER NOT NULL,
	dag_id TEXT NOT NULL,
	location TEXT NOT NULL,
	file TEXT NOT NULL,
	paused INTEGER DEFAULT 0 NOT NULL,
	hard_paused INTEGER DEFAULT 0 NOT NULL,
	until INTEGER,
	enabled_at INTEGER,
	cursor_end INTEGER,
	version INTEGER NOT NULL,
	bundle TEXT NOT NULL,
	quarantined BLOB,
	error TEXT,
	retired_at INTEGER,
	renamed_from TEXT,
	PRIMARY KEY (id),
	UNIQUE (dag_id)
)
 STRICT;

CREATE TABLE events (
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	kind TEXT NOT NULL,
	dag TEXT,
	run INTEGER,
	task_id TEXT,
	map_index INTEGER,
	attempt INTEGER,
	old TEXT,
	new TEXT,
	why_code TEXT,
	why_args BLOB,
	actor TEXT NOT NULL,
	PRIMARY KEY (seq)
)
 STRICT;
CREATE INDEX events_run ON events (run);

CREATE TABLE meta (
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE requests (
	id TEXT NOT NULL,
	actor TEXT NOT NULL,
	act TEXT NOT NULL,
	at INTEGER NOT NULL,
	answered INTEGER,
	outcome INTEGER,
	why TEXT NOT NULL,
	run INTEGER,
	PRIMARY KEY (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE runs (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	dag TEXT NOT NULL,
	"key" TEXT NOT NULL,
	n INTEGER NOT NULL,
	request_id TEXT NOT NULL,
	slot_start INTEGER,
	slot_end INTEGER,
	partition TEXT,
	kind TEXT NOT NULL,
	backfill INTEGER,
	class INTEGER NOT NULL,
	version INTEGER NOT NULL,
	bundle TEXT NOT NULL,
	environment TEXT NOT NULL,
	params BLOB NOT NULL,
	actor TEXT NOT NULL,
	reason TEXT NOT NULL,
	state TEXT NOT NULL,
	round INTEGER NOT NULL,
	placed INTEGER NOT NULL,
	why BLOB,
	culprits BLOB,
	cancel_at INTEGER,
	due INTEGER NOT NULL,
	created INTEGER NOT NULL,
	started INTEGER,
	ended INTEGER,
	UNIQUE (dag, "key", n),
	CHECK (state = 'queued' OR state = 'running' OR state = 'held' OR state = 'success' OR state = 'failed' OR state = 'cancelled'),
	CHECK (kind = 'scheduled' OR kind = 'manual' OR kind = 'backfill' OR kind = 'lookback' OR kind = 'event'),
	UNIQUE (request_id)
)
 STRICT;
CREATE INDEX runs_open ON runs (state) WHERE state IN ('queued', 'running', 'held');
CREATE UNIQUE INDEX runs_placed ON runs (dag, slot_start, slot_end) WHERE placed = 1;
CREATE UNIQUE INDEX runs_scheduled ON runs (dag, slot_start, slot_end) WHERE kind = 'scheduled';
CREATE INDEX runs_slot ON runs (dag, slot_start, slot_end);

CREATE TABLE slots (
	dag TEXT NOT NULL,
	slot_start INTEGER NOT NULL,
	slot_end INTEGER NOT NULL,
	last_run TEXT NOT NULL,
	last_good_run TEXT,
	state TEXT NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (dag, slot_start, slot_end),
	CHECK (state = 'missing' OR state = 'running' OR state = 'fresh' OR state = 'stale' OR state = 'held' OR state = 'failed' OR state = 'skipped')
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE task_state (
	run INTEGER NOT NULL,
	task_id TEXT NOT NULL,
	map_index INTEGER NOT NULL,
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (run, task_id, map_index, name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE tasks (
	run INTEGER NOT NULL,
	task_id TEXT NOT NULL,
	map_index INTEGER NOT NULL,
	state TEXT NOT NULL,
	round INTEGER NOT NULL,
	tries INTEGER NOT NULL,
	losses INTEGER NOT NULL,
	platform INTEGER NOT NULL,
	not_before INTEGER,
	why BLOB,
	number INTEGER NOT NULL,
	expanded INTEGER,
	length INTEGER,
	marked INTEGER NOT NULL,
	followed BLOB,
	reused_from TEXT,
	started INTEGER,
	ended INTEGER,
	digest BLOB NOT NULL,
	ref BLOB,
	inline BLOB,
	PRIMARY KEY (run, task_id, map_index),
	CHECK (state = 'pending' OR state = 'queued' OR state = 'running' OR state = 'up_for_retry' OR state = 'deferred' OR state = 'held' OR state = 'success' OR state = 'failed' OR state = 'upstream_failed' OR state = 'skipped' OR state = 'cancelled')
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE versions (
	id INTEGER NOT NULL,
	dag TEXT NOT NULL,
	spec_digest TEXT NOT NULL,
	code_digest TEXT NOT NULL,
	number INTEGER NOT NULL,
	spec BLOB NOT NULL,
	label TEXT,
	created INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (dag, spec_digest, code_digest),
	UNIQUE (dag, number)
)
 STRICT;

