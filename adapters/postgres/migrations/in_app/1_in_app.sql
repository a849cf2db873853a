-- Keys by which a merchant's programs ask. Only their SHA-256 is kept; what was revoked keeps its
-- row.
create table api_keys (
    merchant_id uuid not null references merchants,
    key_id uuid not null,
    key_hash bytea not null check (length(key_hash) = 32),
    name text not null check (length(name) between 1 and 60),
    hint text not null,
    scopes text[] not null check (scopes <@ array['entitlement:read']),
    created_at timestamptz not null,
    last_used_at timestamptz,  -- to the minute
    revoked_at timestamptz,
    primary key (merchant_id, key_id),
    constraint api_keys_hash unique (key_hash)
);

-- What a merchant shows in the own app. `secrets_sealed` sign the ids of customers: the newest, and
-- the one before it.
create table in_app_settings (
    merchant_id uuid primary key references merchants,
    grace_days smallint not null check (grace_days between 0 and 90),
    shown boolean not null,
    banner boolean not null,
    wall text not null check (wall in ('banner', 'soft', 'hard')),
    origins text[] not null check (cardinality(origins) <= 20),
    secrets_sealed bytea,
    secret_made_at timestamptz,
    check ((secrets_sealed is null) = (secret_made_at is null))
);

-- What a customer owes in all accounts: whoever asks knows no account.
create index recovery_cases_owed on recovery_cases (merchant_id, customer_id, opened_at)
    where closed_at is null;
