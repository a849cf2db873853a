-- As in the first landing: the app sees the merchant it named, the system the conveyor alone.
do $$
declare
    held text;
begin
    foreach held in array array['account_chores', 'past_cases', 'offered_invoices'] loop
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
create policy of_system on account_chores to chargechase_system using (true) with check (true);

grant select, insert, update on account_chores to chargechase_app;
grant select, insert on past_cases to chargechase_app;
grant select, insert, update, delete on offered_invoices to chargechase_app;
grant select, insert, update on account_chores to chargechase_system;
