create table merchants (
    merchant_id uuid primary key,
    name text not null,
    timezone text not null,
    reply_to text,
    shares_lessons boolean not null default false,  -- its counts may join those of others
    created_at timestamptz not null default clock_timestamp()
);

create table users (
    user_id uuid primary key,
    email text not null unique check (email = lower(email)),
    password_hash text not null,
    created_at timestamptz not null default clock_timestamp()
);

create table memberships (
    merchant_id uuid not null references merchants,
    user_id uuid not null references users on delete cascade,
    role text not null,
    joined_at timestamptz not null default clock_timestamp(),
    primary key (merchant_id, user_id)
);
create index memberships_of_user on memberships (user_id, joined_at);

-- Only the SHA-256 of a session's id is kept; who is no member any more has no session.
create table sessions (
    id_hash bytea primary key,
    user_id uuid not null,
    merchant_id uuid not null,
    created_at timestamptz not null default clock_timestamp(),
    seen_at timestamptz not null default clock_timestamp(),
    foreign key (merchant_id, user_id) references memberships on delete cascade
);
create index sessions_of_member on sessions (merchant_id, user_id);

create table stripe_accounts (
    merchant_id uuid not null references merchants,
    account text not null,
    livemode boolean not null,
    own boolean not null default false,
    connected_at timestamptz not null default clock_timestamp(),
    primary key (merchant_id, account, livemode),
    constraint stripe_accounts_one_merchant unique (account, livemode)
);
-- The account that the installation's API key belongs to: its events name no account.
create unique index stripe_accounts_own on stripe_accounts (livemode) where own;

create table policies (
    merchant_id uuid not null references merchants,
    version integer not null check (version > 0),
    body jsonb not null,
    activated_at timestamptz not null default clock_timestamp(),
    primary key (merchant_id, version)
);

create table customers (
    merchant_id uuid not null references merchants,
    account text not null,
    customer_id text not null,
    email text,
    name text,
    locale text,
    primary key (merchant_id, account, customer_id)
);
