#!/bin/sh
# Runs once, when the Postgres container makes its cluster: the app's login and its database. The
# login is no superuser, so row-level security binds it; migrations run as `postgres`.
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$(cat /run/secrets/app_password)" \
    --username="${POSTGRES_USER:-postgres}" --dbname=postgres <<'SQL'
CREATE ROLE chargechase LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD :'password';
CREATE DATABASE chargechase OWNER chargechase;
SQL
