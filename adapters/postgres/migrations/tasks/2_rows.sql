-- As in the first landing: the app sees the merchant it named; the system counts what is open, and
-- opens what is sealed in the moment of a post.
do $$
declare
    held text;
begin
    foreach held in array array['tasks', 'hand_off', 'team_notices'] loop
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
end
$$;
create policy of_system on tasks to chargechase_system using (true) with check (true);
create policy of_system on hand_off to chargechase_system using (true) with check (true);

grant select, insert, update on tasks, team_notices to chargechase_app;
-- A page cannot show what its transaction cannot select.
grant select (merchant_id, rules, slack_since, slack_gone_at, changed_at), insert, update
    on hand_off to chargechase_app;
grant select (merchant_id, done_at) on tasks to chargechase_system;
grant select (merchant_id, slack_sealed), update (slack_sealed) on hand_off to chargechase_system;
