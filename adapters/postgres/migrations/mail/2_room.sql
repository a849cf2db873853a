-- To whom a letter went, as for its link; None for letters of before.
alter table messages add column address_hash bytea check (length(address_hash) = 32);
create index messages_begun on messages (merchant_id, begun_at) where state <> 'failed';
create index messages_lately on messages (begun_at) where state <> 'failed';
create index messages_to on messages (merchant_id, address_hash, begun_at) where state <> 'failed';
create index expiry_notices_begun on expiry_notices (merchant_id, begun_at)
    where state in ('begun', 'sent', 'unanswered');
create index suppressions_since on suppressions (at)
    where reason in ('bounced', 'complained');

-- The next free turn of a merchant's letters that wait. Its row is also what two workers that
-- would send a letter of one merchant meet at.
create table mail_turns (
    merchant_id uuid primary key references merchants,
    next_at timestamptz
);
alter table mail_turns enable row level security;
alter table mail_turns force row level security;
create policy of_owner on mail_turns to chargechase_owner using (true) with check (true);
create policy of_merchant on mail_turns to chargechase_app using
    (merchant_id = nullif(current_setting('app.merchant_id', true), '')::uuid);
grant select, insert, update on mail_turns to chargechase_app;

-- What went in an hour and what came back of it: counts by merchant, of those with anything that
-- came back; with no merchant, of all.
create function mail_last_hour(since timestamptz, instant timestamptz)
returns table (merchant_id uuid, went bigint, dead bigint, complained bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
    with back as (
        select s.merchant_id,
            count(*) filter (where s.reason = 'bounced') as dead,
            count(*) filter (where s.reason = 'complained') as complained
        from suppressions s
        where s.reason in ('bounced', 'complained') and s.at > since and s.at <= instant
        group by s.merchant_id
    ), gone as (
        select m.merchant_id, count(*) as went from (
            select messages.merchant_id from messages
            where state <> 'failed' and begun_at > since and begun_at <= instant
            union all
            select expiry_notices.merchant_id from expiry_notices
            where state in ('begun', 'sent', 'unanswered')
                and begun_at > since and begun_at <= instant
        ) m group by m.merchant_id
    )
    select back.merchant_id, coalesce(gone.went, 0), back.dead, back.complained
    from back left join gone on gone.merchant_id = back.merchant_id
    union all
    select null, (select coalesce(sum(gone.went), 0)::bigint from gone),
        (select coalesce(sum(back.dead), 0)::bigint from back),
        (select coalesce(sum(back.complained), 0)::bigint from back)
$$;
revoke execute on function mail_last_hour(timestamptz, timestamptz) from public;
grant execute on function mail_last_hour(timestamptz, timestamptz) to chargechase_system;
