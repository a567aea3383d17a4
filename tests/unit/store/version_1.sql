BEGIN TRANSACTION;
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
 STRICT

;
INSERT INTO "attempts" VALUES(1,1,'extract',-1,1,'user',1,X'66666666666666666666666666666666','success','','',NULL,NULL,NULL,NULL,'w1',NULL,NULL,1775000000000000,1775000000000000,1775000000000000);
INSERT INTO "attempts" VALUES(2,1,'load',0,1,'user',1,X'66666666666666666666666666666666','success','','',NULL,NULL,NULL,NULL,'w1',NULL,NULL,1775000000000000,1775000000000000,1775000000000000);
INSERT INTO "attempts" VALUES(3,1,'load',1,1,'user',1,X'66666666666666666666666666666666','failed','ValueError','no',NULL,NULL,5,7,'','1',X'91A36F6464',1775000000000000,1775000000000000,1775000000000000);
INSERT INTO "attempts" VALUES(4,2,'extract',-1,1,'user',1,X'66666666666666666666666666666666','running','','',NULL,NULL,NULL,NULL,'',NULL,NULL,1775000000000000,1775000000000000,NULL);
CREATE TABLE bundles (
	digest TEXT NOT NULL,
	location TEXT NOT NULL,
	files INTEGER,
	bytes INTEGER,
	created INTEGER NOT NULL,
	PRIMARY KEY (digest)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "bundles" VALUES('bundle-1','here',NULL,NULL,1775000000000000);
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
 STRICT

;
INSERT INTO "dags" VALUES(1,'daily','here','daily.py',0,0,NULL,NULL,NULL,1,'bundle-1',X'82A4636F6465AB71756172616E74696E6564A46172677392A56461696C79A26E6F',NULL,NULL,NULL);
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
 STRICT

;
INSERT INTO "events" VALUES(1,1775000000000000,1,'version','daily',NULL,NULL,NULL,NULL,NULL,'1',NULL,NULL,'');
INSERT INTO "events" VALUES(2,1775000000000000,1,'run','daily',1,NULL,NULL,NULL,NULL,'queued',NULL,NULL,'');
INSERT INTO "events" VALUES(3,1775000000000000,1,'run','daily',1,NULL,NULL,NULL,'queued','running','ready',NULL,'');
INSERT INTO "events" VALUES(4,1775000000000000,1,'slot','daily',1,NULL,NULL,NULL,NULL,'running',NULL,NULL,'');
INSERT INTO "events" VALUES(5,1775000000000000,1,'task','daily',1,'extract',-1,1,'pending','queued','ready',NULL,'');
INSERT INTO "events" VALUES(6,1775000000000000,1,'task','daily',1,'extract',-1,1,'queued','running','begun',NULL,'');
INSERT INTO "events" VALUES(7,1775000000000000,1,'task','daily',1,'extract',-1,1,'running','success','done',NULL,'');
INSERT INTO "events" VALUES(8,1775000000000000,1,'expanded','daily',1,'load',-1,NULL,NULL,NULL,'expanded',X'91A132','');
INSERT INTO "events" VALUES(9,1775000000000000,1,'task','daily',1,'load',0,1,'pending','queued','ready',NULL,'');
INSERT INTO "events" VALUES(10,1775000000000000,1,'task','daily',1,'load',1,1,'pending','queued','ready',NULL,'');
INSERT INTO "events" VALUES(11,1775000000000000,1,'task','daily',1,'load',0,1,'queued','running','begun',NULL,'');
INSERT INTO "events" VALUES(12,1775000000000000,1,'task','daily',1,'load',0,1,'running','success','done',NULL,'');
INSERT INTO "events" VALUES(13,1775000000000000,1,'task','daily',1,'load',1,1,'queued','running','begun',NULL,'');
INSERT INTO "events" VALUES(14,1775000000000000,1,'task','daily',1,'load',1,1,'running','failed','failed',X'91A26E6F','');
INSERT INTO "events" VALUES(15,1775000000000000,1,'task','daily',1,'report',-1,NULL,'pending','upstream_failed','upstream_failed',X'91A76C6F61645B315D','');
INSERT INTO "events" VALUES(16,1775000000000000,1,'run','daily',1,NULL,NULL,NULL,'running','failed','ready',NULL,'');
INSERT INTO "events" VALUES(17,1775000000000000,1,'slot','daily',1,NULL,NULL,NULL,NULL,'failed',NULL,NULL,'');
INSERT INTO "events" VALUES(18,1775000000000000,1,'request','daily',1,NULL,NULL,NULL,'ask-1','done',NULL,NULL,'ann');
INSERT INTO "events" VALUES(19,1775000000000000,1,'run','daily',2,NULL,NULL,NULL,NULL,'queued',NULL,NULL,'ann');
INSERT INTO "events" VALUES(20,1775000000000000,1,'run','daily',2,NULL,NULL,NULL,'queued','running','ready',NULL,'');
INSERT INTO "events" VALUES(21,1775000000000000,1,'task','daily',2,'extract',-1,1,'pending','queued','ready',NULL,'');
INSERT INTO "events" VALUES(22,1775000000000000,1,'task','daily',2,'extract',-1,1,'queued','running','ready',NULL,'');
INSERT INTO "events" VALUES(23,1775000000000000,1,'quarantined','daily',NULL,NULL,NULL,NULL,NULL,NULL,'quarantined',X'92A56461696C79A26E6F','');
INSERT INTO "events" VALUES(24,1775000000000000,1,'request',NULL,NULL,NULL,NULL,NULL,'ask-2','refused',NULL,NULL,'bob');
CREATE TABLE meta (
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT

;
INSERT INTO "meta" VALUES('created',X'CF00064E5A6479F000');
INSERT INTO "meta" VALUES('epoch',X'01');
INSERT INTO "meta" VALUES('fence_key',X'C4200000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO "meta" VALUES('instance',X'B030313233343536373839616263646566');
INSERT INTO "meta" VALUES('schema',X'01');
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
 STRICT

;
INSERT INTO "requests" VALUES('ask-1','ann','trigger',1775000000000000,1775000000000000,1,'made',1);
INSERT INTO "requests" VALUES('ask-2','bob','cancel',1775000000000000,1775000000000000,0,'no',NULL);
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
 STRICT

;
INSERT INTO "runs" VALUES(1,'daily','2026-03-31',1,'ask-daily@2026-03-31',1774827200000000,1774913600000000,NULL,'scheduled',NULL,0,1,'bundle-1','',X'','','','failed',1,0,X'82A4636F6465A57265616479A46172677390',X'9192A76C6F61645B315DA26E6F',NULL,0,1775000000000000,1775000000000000,1775000000000000);
INSERT INTO "runs" VALUES(2,'daily','2026-04-01',1,'ask-daily@2026-04-01',1774913600000000,1775000000000000,NULL,'manual',NULL,0,1,'bundle-1','',X'81A16101','ann','why not','running',1,1,X'82A4636F6465A57265616479A46172677390',X'90',NULL,0,1775000000000000,1775000000000000,NULL);
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
 STRICT

;
INSERT INTO "slots" VALUES('daily',1774827200000000,1774913600000000,'daily@2026-03-31',NULL,'failed',1);
CREATE TABLE task_state (
	run INTEGER NOT NULL,
	task_id TEXT NOT NULL,
	map_index INTEGER NOT NULL,
	name TEXT NOT NULL,
	value BLOB NOT NULL,
	PRIMARY KEY (run, task_id, map_index, name)
)
 WITHOUT ROWID,
 STRICT

;
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
 STRICT

;
INSERT INTO "tasks" VALUES(1,'extract',-1,'success',1,0,0,0,NULL,X'82A4636F6465A4646F6E65A46172677390',1,NULL,NULL,0,NULL,NULL,1775000000000000,1775000000000000,X'64',NULL,X'01');
INSERT INTO "tasks" VALUES(1,'load',-1,'pending',1,0,0,0,NULL,NULL,0,2,NULL,0,NULL,NULL,NULL,NULL,X'',NULL,NULL);
INSERT INTO "tasks" VALUES(1,'load',0,'success',1,0,0,0,NULL,X'82A4636F6465A4646F6E65A46172677390',1,NULL,NULL,0,NULL,NULL,1775000000000000,1775000000000000,X'64',NULL,X'01');
INSERT INTO "tasks" VALUES(1,'load',1,'failed',1,1,0,0,NULL,X'82A4636F6465A66661696C6564A46172677391A26E6F',1,NULL,NULL,0,NULL,NULL,1775000000000000,1775000000000000,X'',NULL,NULL);
INSERT INTO "tasks" VALUES(1,'report',-1,'upstream_failed',1,0,0,0,NULL,X'82A4636F6465AF757073747265616D5F6661696C6564A46172677391A76C6F61645B315D',0,NULL,NULL,0,NULL,NULL,NULL,1775000000000000,X'',NULL,NULL);
INSERT INTO "tasks" VALUES(2,'extract',-1,'running',1,0,0,0,NULL,X'82A4636F6465A57265616479A46172677390',1,NULL,NULL,0,NULL,NULL,1775000000000000,NULL,X'',NULL,NULL);
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
 STRICT

;
INSERT INTO "versions" VALUES(1,'daily','spec-1','code-1',1,X'DE0003A26964A56461696C79A57461736B7393DE0001A26964A765787472616374DE0003A26964A46C6F6164A46461746191A765787472616374A66D617070656482A46D6F6465A37A6970A46F7665729182A5706172616DA470617468A47461736BA765787472616374DE0002A26964A67265706F7274A46461746191A46C6F6164A466696C65A86461696C792E7079',NULL,1775000000000000);
CREATE UNIQUE INDEX runs_scheduled ON runs (dag, slot_start, slot_end) WHERE kind = 'scheduled';
CREATE INDEX runs_slot ON runs (dag, slot_start, slot_end);
CREATE INDEX runs_open ON runs (state) WHERE state IN ('queued', 'running', 'held');
CREATE UNIQUE INDEX runs_placed ON runs (dag, slot_start, slot_end) WHERE placed = 1;
CREATE INDEX events_run ON events (run);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('runs',2);
COMMIT;
