-- Merchants' own words for a letter in a language: versions that never change, and, row by row, what
-- was in use since when. No version means ours; with a share, a second one is compared with it.
create table letter_texts (
    merchant_id uuid not null references merchants,
    kind text not null check (kind ~ '^[a-z_]{1,40}$'),
    language text not null check (language ~ '^[A-Za-z-]{2,20}$'),
    version integer not null check (version between 1 and 500),
    subject text not null check (length(subject) <= 150),
    preview text not null check (length(preview) <= 200),
    opening text not null check (length(opening) <= 1000),
    body text not null check (length(body) <= 3000),
    button text not null check (length(button) <= 40),
    after text not null check (length(after) <= 1000),
    actor text not null,
    at timestamptz not null,
    primary key (merchant_id, kind, language, version)
);

create table letter_uses (
    merchant_id uuid not null references merchants,
    kind text not null,
    language text not null,
    use integer not null check (use > 0),
    version integer,
    rival integer,
    rival_percent integer not null check (rival_percent between 0 and 99),
    actor text not null,
    at timestamptz not null,
    primary key (merchant_id, kind, language, use),
    foreign key (merchant_id, kind, language, version) references letter_texts,
    foreign key (merchant_id, kind, language, rival) references letter_texts,
    check (case when rival_percent = 0 then rival is null else rival is distinct from version end)
);

-- Test letters that people sent to themselves: there is a limit of them.
create table letter_tests (
    merchant_id uuid not null references merchants,
    test_id bigint generated always as identity,
    user_id uuid not null,
    kind text not null,
    language text not null,
    at timestamptz not null,
    primary key (merchant_id, test_id)
);
create index letter_tests_of_user on letter_tests (merchant_id, user_id, at);

-- What a message was made of (no version: our words), and when its link was first followed.
alter table messages
    add column letter text,
    add column language text,
    add column text_version integer,
    add column text_use integer,
    add column token_hash bytea check (length(token_hash) = 32),
    add column visited_at timestamptz;
create index messages_of_link on messages (merchant_id, token_hash) where token_hash is not null;
create index messages_of_text on messages (merchant_id, letter, language, text_use)
    where text_use > 0;
