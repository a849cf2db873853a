-- What mail services say became of letters; each word of theirs once.
create table mail_news (
    merchant_id uuid not null references merchants,
    source text not null check (source in ('postmark', 'ses')),
    event_id text not null check (length(event_id) <= 200),
    message_id text not null,
    fate text not null check (fate in ('dead', 'later', 'complained', 'answered')),
    at timestamptz not null,
    primary key (merchant_id, source, event_id)
);
alter table mail_news enable row level security;
alter table mail_news force row level security;
create policy of_owner on mail_news to chargechase_owner using (true) with check (true);
create policy of_merchant on mail_news to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);
grant select, insert on mail_news to chargechase_app;

create index messages_by_id on messages (message_id);
create index expiry_notices_by_id on expiry_notices (notice_id);

-- Whose letter it is: found by an id that only its receiver and the mail service know, its own or
-- that of the thread it belongs to (`case@`), as a fresh link's (`case.day@`) does as well. Nothing
-- that it says comes with it.
create function letter_of(id text)
returns table (merchant_id uuid, subject text, address_hash bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
    select m.merchant_id, 'case:' || m.case_id, m.address_hash
    from messages m where m.message_id = letter_of.id
    union all
    select n.merchant_id, 'notice:' || n.notice_id, n.address_hash
    from expiry_notices n
    where letter_of.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@'
        and n.notice_id = (case when letter_of.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}@'
            then left(letter_of.id, 36) end)::uuid
    union all
    select r.merchant_id, 'case:' || r.case_id, null
    from recovery_cases r
    where r.case_id = (case
        when letter_of.id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}([.][0-9-]{10})?@'
            then left(letter_of.id, 36) end)::uuid
    limit 1
$$;
revoke execute on function letter_of(text) from public;
grant execute on function letter_of(text) to chargechase_system;
