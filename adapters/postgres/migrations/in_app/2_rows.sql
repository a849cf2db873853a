-- The app writes hashes and what is sealed, and cannot read them; the system, which is asked by
-- somebody whose merchant is not known yet, reads them, and may seal anew.
do $$
declare
    held text;
begin
    foreach held in array array['api_keys', 'in_app_settings'] loop
        execute format('alter table %I enable row level security', held);
        execute format('alter table %I force row level security', held);
        execute format(
            'create policy of_owner on %I to chargechase_owner using (true) with check (true)', held
        );
        execute format(
            'create policy of_merchant on %I to chargechase_app using '
            '(merchant_id = nullif(current_setting(''app.merchant_id'', true), '''')::uuid)', held
        );
        execute format(
            'create policy of_system on %I to chargechase_system using (true) with check (true)',
            held
        );
    end loop;
end
$$;

grant select (merchant_id, key_id, name, hint, scopes, created_at, last_used_at, revoked_at)
    on api_keys to chargechase_app;
grant insert on api_keys to chargechase_app;
grant update (revoked_at) on api_keys to chargechase_app;
grant select (merchant_id, key_id, key_hash, scopes, last_used_at, revoked_at)
    on api_keys to chargechase_system;
grant update (last_used_at) on api_keys to chargechase_system;

grant select (merchant_id, grace_days, shown, banner, wall, origins, secret_made_at)
    on in_app_settings to chargechase_app;
grant insert on in_app_settings to chargechase_app;
grant update (grace_days, shown, banner, wall, origins, secrets_sealed, secret_made_at)
    on in_app_settings to chargechase_app;
grant select on in_app_settings to chargechase_system;
grant update (secrets_sealed) on in_app_settings to chargechase_system;
