#!/bin/sh
# Runs once, when the Postgres container makes its cluster: the app's login, the two roles that it
# works as, and its database. The login owns no table and is bound by row-level security; migrations
# and backups run as `postgres`.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$(cat /run/secrets/app_password)" \
    --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE chargechase LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'password';
CREATE ROLE chargechase_app NOLOGIN;
CREATE ROLE chargechase_system NOLOGIN;
GRANT chargechase_app, chargechase_system TO chargechase WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE chargechase;
SQL
