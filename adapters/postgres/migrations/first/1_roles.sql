-- Three roles that nobody logs in as. Whoever migrates belongs to `chargechase_owner`, and may
-- become (but does not inherit) the two that the app works as. Roles belong to the whole server,
-- so another database's migration may have made them already.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['chargechase_owner', 'chargechase_app', 'chargechase_system'] loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception when duplicate_object or unique_violation then
            null;  -- made by somebody else this very moment
        end;
    end loop;
    if not pg_has_role(current_user, 'chargechase_owner', 'usage') then
        execute format('grant chargechase_owner to %I with inherit true', current_user);
    end if;
    foreach wanted in array array['chargechase_app', 'chargechase_system'] loop
        if not pg_has_role(current_user, wanted, 'set') then
            execute format('grant %I to %I with inherit false, set true', wanted, current_user);
        end if;
    end loop;
end
$$;
