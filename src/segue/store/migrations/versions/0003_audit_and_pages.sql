DROP INDEX runs_good;
DROP INDEX runs_open;
CREATE INDEX runs_state ON runs (state, id);
CREATE INDEX runs_dag ON runs (dag, state, id);
CREATE INDEX runs_created ON runs (created, id);
CREATE INDEX runs_length ON runs (ended - started) WHERE ended IS NOT NULL;
CREATE INDEX events_dag ON events (dag, seq);
CREATE TABLE audit (
	seq INTEGER NOT NULL,
	at INTEGER NOT NULL,
	actor TEXT NOT NULL,
	act TEXT NOT NULL,
	ok INTEGER NOT NULL,
	target TEXT NOT NULL,
	dag TEXT NOT NULL,
	run TEXT NOT NULL,
	task TEXT NOT NULL,
	old TEXT NOT NULL,
	new TEXT NOT NULL,
	what BLOB,
	reason TEXT NOT NULL,
	request TEXT NOT NULL,
	parent TEXT NOT NULL,
	answer TEXT NOT NULL,
	PRIMARY KEY (seq)
)
 STRICT;
CREATE INDEX audit_dag ON audit (dag, seq);
CREATE INDEX audit_run ON audit (run, seq);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_request ON audit (request);
