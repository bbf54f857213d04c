-- Written by `python -m deploy.compose.render`; change that or the tables it reads, not this file.
\getenv password CATALOG_DB_PASSWORD
create role "catalog" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password CART_DB_PASSWORD
create role "cart" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password ORDERS_DB_PASSWORD
create role "orders" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password PAYMENTS_DB_PASSWORD
create role "payments" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password SCM_DB_PASSWORD
create role "scm" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password NOTIFY_DB_PASSWORD
create role "notify" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password STATS_DB_PASSWORD
create role "stats" login nosuperuser nocreatedb nocreaterole password :'password';
\getenv password AUDITOR_DB_PASSWORD
create role "auditor" login nosuperuser nocreatedb nocreaterole password :'password';
create extension if not exists pg_trgm schema public;
create extension if not exists btree_gin schema public;
revoke all on database "shop" from public;
grant connect on database "shop" to "catalog", "cart", "orders", "payments", "scm", "notify", "stats", "auditor";
revoke all on schema public from public;
grant usage on schema public to "catalog", "cart", "orders", "payments", "scm", "notify", "stats", "auditor";
create schema if not exists "catalog" authorization "catalog";
alter role "catalog" set search_path = "catalog", public;
create schema if not exists "cart" authorization "cart";
alter role "cart" set search_path = "cart", public;
create schema if not exists "orders" authorization "orders";
alter role "orders" set search_path = "orders", public;
create schema if not exists "payments" authorization "payments";
alter role "payments" set search_path = "payments", public;
create schema if not exists "scm" authorization "scm";
alter role "scm" set search_path = "scm", public;
create schema if not exists "notify" authorization "notify";
alter role "notify" set search_path = "notify", public;
create schema if not exists "stats" authorization "stats";
alter role "stats" set search_path = "stats", public;
grant pg_read_all_data to auditor;
alter role auditor set default_transaction_read_only = on;
