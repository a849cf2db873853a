do $$
declare
    held text;
begin
    foreach held in array array[
        'brand_logos', 'brands', 'letter_texts', 'letter_uses', 'letter_tests'
    ] loop
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

-- Pages of customers name the merchant before any merchant is chosen: the system reads the brand.
create policy of_system on brands to chargechase_system using (true) with check (true);
create policy of_system on brand_logos to chargechase_system using (true) with check (true);
grant select on brands, brand_logos to chargechase_system;

grant select, insert, update on brands to chargechase_app;
grant select, insert, delete on brand_logos to chargechase_app;
grant select, insert on letter_texts, letter_uses, letter_tests to chargechase_app;

create trigger refuse_change before update or delete on letter_texts
    for each row execute function refuse_change_of_the_past();
create trigger refuse_change before update or delete on letter_uses
    for each row execute function refuse_change_of_the_past();
