#!/bin/sh
# Run once, when the database is made: camwatch owns it; grafana reads what its boards need, and no more.
set -eu
secrets=${SECRETS:-/run/secrets}
camwatch=$(cat "$secrets/postgres_password")
grafana=$(cat "$secrets/grafana_db_password")
psql --quiet --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
  --set camwatch="$camwatch" \
  --set grafana="$grafana" <<'SQL'
CREATE ROLE camwatch LOGIN PASSWORD :'camwatch';
CREATE ROLE grafana LOGIN PASSWORD :'grafana' CONNECTION LIMIT 10;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
CREATE DATABASE camwatch OWNER camwatch ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE camwatch FROM PUBLIC;
GRANT CONNECT ON DATABASE camwatch TO grafana;
\connect camwatch
ALTER SCHEMA public OWNER TO camwatch;
GRANT USAGE ON SCHEMA public TO grafana;
-- Tables come later, by camwatch: those of the boards are granted as they appear, not those of tokens.
CREATE FUNCTION grant_to_grafana() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE made record;
BEGIN
  FOR made IN SELECT object_identity FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
    IF made.object_identity IN ('public.flows', 'public.destinations', 'public.cameras', 'public.runs',
                                'public.totals', 'public.updates') THEN
      EXECUTE format('GRANT SELECT ON %s TO grafana', made.object_identity);
    END IF;
  END LOOP;
END $$;
CREATE EVENT TRIGGER grant_to_grafana ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION grant_to_grafana();
SQL
