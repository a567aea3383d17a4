DROP INDEX runs_good;
DROP INDEX runs_open;
CREATE INDEX runs_state ON runs (state, id);
CREATE INDEX runs_dag ON runs (dag, state, id);
CREATE INDEX runs_created ON runs (created, id);
CREATE INDEX runs_length ON runs ((ended - started)) WHERE ended IS NOT NULL;
CREATE INDEX events_dag ON events (dag, seq);
CREATE TABLE audit (
	seq BIGSERIAL NOT NULL,
	at BIGINT NOT NULL,
	actor TEXT COLLATE "C" NOT NULL,
	act TEXT COLLATE "C" NOT NULL,
	ok BIGINT NOT NULL,
	target TEXT COLLATE "C" NOT NULL,
	dag TEXT COLLATE "C" NOT NULL,
	run TEXT COLLATE "C" NOT NULL,
	task TEXT COLLATE "C" NOT NULL,
	"old" TEXT COLLATE "C" NOT NULL,
	"new" TEXT COLLATE "C" NOT NULL,
	what BYTEA,
	reason TEXT COLLATE "C" NOT NULL,
	request TEXT COLLATE "C" NOT NULL,
	parent TEXT COLLATE "C" NOT NULL,
	answer TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (seq)
);
CREATE INDEX audit_dag ON audit (dag, seq);
CREATE INDEX audit_run ON audit (run, seq);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_request ON audit (request);
