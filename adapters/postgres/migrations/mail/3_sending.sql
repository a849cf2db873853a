-- Where a merchant's letters are to come from, and how its records stood when we last looked.
create table sending_domains (
    merchant_id uuid primary key references merchants,
    domain text not null check (length(domain) between 3 and 200),
    local_part text not null check (length(local_part) between 1 and 64),
    chosen_at timestamptz not null,
    dkim text not null default 'unseen' check (dkim in ('unseen', 'right', 'missing', 'wrong')),
    dmarc text not null default 'unseen' check (dmarc in ('unseen', 'right', 'missing', 'wrong')),
    tried_at timestamptz,
    checked_at timestamptz,
    verified_at timestamptz,
    lost_at timestamptz,
    check (lost_at is null or verified_at is not null)
);
create table sending_keys (
    merchant_id uuid not null references sending_domains on delete cascade,
    selector text not null check (selector in ('cc1', 'cc2')),
    public_key text not null,
    private_sealed bytea not null,
    made_at timestamptz not null,
    found boolean not null default false,  -- its record is there
    primary key (merchant_id, selector)
);

-- As for accounts: the app writes what is sealed and cannot read it; the system, which sends the
-- letters and looks at the records, reads it, and may seal it anew.
do $$
declare
    held text;
begin
    foreach held in array array['sending_domains', 'sending_keys'] loop
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
            'create policy of_system on %I to chargechase_system using (true) with check (true)', held
        );
    end loop;
end
$$;
grant select, insert, update, delete on sending_domains to chargechase_app;
grant select (merchant_id, selector, public_key, made_at, found), insert, update, delete
    on sending_keys to chargechase_app;
grant select on sending_domains, sending_keys to chargechase_system;
grant update (private_sealed) on sending_keys to chargechase_system;
