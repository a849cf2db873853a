-- Who sees which rows. `chargechase_app` sees the merchant it named for its transaction, and with
-- none named, nothing; `chargechase_system` sees what the conveyor and signing in need, never what
-- a case holds; the owner sees all (backups, later migrations). FORCE binds the owner too.
do $$
declare
    held text;
begin
    for held in
        select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and not c.relispartition and a.attname = 'merchant_id'
    loop
        execute format('alter table %I enable row level security', held);
        execute format('alter table %I force row level security', held);
        execute format(
            'create policy of_owner on %I to chargechase_owner using (true) with check (true)', held
        );
        execute format(
            'create policy of_merchant on %I to chargechase_app using '
            '(merchant_id = nullif(current_setting(''app.merchant_id'', true), '''')::uuid)', held
        );
    end loop;
    foreach held in array array[
        'merchants', 'memberships', 'sessions', 'stripe_accounts', 'links',
        'inbox_events', 'inbox_bodies', 'scheduled_actions', 'lessons', 'knowledge'
    ] loop
        execute format(
            'create policy of_system on %I to chargechase_system using (true) with check (true)',
            held
        );
    end loop;
end
$$;

grant usage on schema public to chargechase_app, chargechase_system;

grant select, insert, update on merchants, stripe_accounts, memberships to chargechase_app;
grant select, insert on policies, case_events, case_decisions, audit_log to chargechase_app;
grant select, insert on knowledge to chargechase_app;
grant select, insert, update on recovery_cases, payment_attempts, messages to chargechase_app;
grant select, insert, update on lessons, knowledge_pool to chargechase_app;
grant select, insert, update, delete on customers, scheduled_actions, links to chargechase_app;
grant select, update on inbox_events to chargechase_app;
grant select on inbox_bodies to chargechase_app;

grant select on merchants, stripe_accounts, links, inbox_events, inbox_bodies, scheduled_actions
    to chargechase_system;
-- Who has something to learn from, never what.
grant select (merchant_id, learned_in) on lessons to chargechase_system;
grant select (merchant_id, made_at) on knowledge to chargechase_system;
grant select (part) on knowledge_pool to chargechase_system;
grant insert on inbox_events, inbox_bodies to chargechase_system;
grant update on inbox_events, scheduled_actions to chargechase_system;
grant usage on sequence inbox_seq to chargechase_system;
grant select, insert on orphan_events to chargechase_system;
grant select, insert, update on users to chargechase_system;
grant select on memberships to chargechase_system;
grant select, insert, update, delete on sessions to chargechase_system;

revoke execute on function tend_inbox_partitions(integer, integer) from public;
revoke execute on function installation_standing(timestamptz) from public;
grant execute on function tend_inbox_partitions(integer, integer) to chargechase_system;
grant execute on function installation_standing(timestamptz) to chargechase_system;
