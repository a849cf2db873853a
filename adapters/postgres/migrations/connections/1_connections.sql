-- How an account is reached. Accounts that were registered before are the installation's. A row
-- that is let go of is deleted, so that anybody may connect the account again; what happened in it
-- stays with the merchant whose it was.
alter table stripe_accounts
    add column access text not null default 'installation'
        check (access in ('installation', 'key', 'connect')),
    add column name text,
    add column country text,
    add column currency text,
    add column key_sealed bytea,
    add column missing text[] not null default '{}',  -- permissions that its key lacks
    add column denied text[] not null default '{}',  -- end actions that Stripe refused
    add column checked_at timestamptz,
    add column refused_at timestamptz,  -- since then Stripe does not take its key
    add column endpoint_id text constraint stripe_accounts_endpoint unique,
    add column endpoint_stripe_id text,
    add column endpoint_secrets_sealed bytea,
    add column last_event_at timestamptz,  -- to the minute
    add constraint stripe_accounts_key check ((access = 'key') = (key_sealed is not null));

-- Somebody was sent to Stripe to agree that we act for their account. Only hashes are kept, of the
-- state that comes back and of the session it must come back in.
create table connect_agreements (
    state_hash bytea primary key,
    merchant_id uuid not null references merchants,
    session_hash bytea not null,
    livemode boolean not null,
    expires_at timestamptz not null
);
