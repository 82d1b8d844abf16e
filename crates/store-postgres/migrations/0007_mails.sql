-- In which order mails came, by nobody's clock: two processes may have clocks that differ. A transaction that writes about an order has
-- seen the one before it. Mails of before have none, and came before all that have.
CREATE SEQUENCE mails_came AS BIGINT;
ALTER TABLE mails ADD COLUMN came BIGINT;
ALTER TABLE mails ALTER COLUMN came SET DEFAULT nextval('mails_came');
ALTER SEQUENCE mails_came OWNED BY mails.came;
