-- The last line of defence: whatever the app believes, no charge of ours is recorded beyond what
-- the card networks allow (domain/network.py says whose rules these are). A charge that is on its
-- way counts as a decline, and the card is locked, so that two cases cannot slip through together.
create function refuse_forbidden_charge() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
declare
    month_limit constant integer :=
        case new.brand when 'visa' then 20 when 'mastercard' then 35 else 8 end;
    day_limit constant integer := 10;
    barred boolean;
    in_month integer;
    in_day integer;
begin
    if new.amount_minor <= 0 or new.fingerprint is null then
        raise exception 'nothing to charge, or no card' using errcode = 'CC001';
    end if;
    if exists (
        select from recovery_cases
        where merchant_id = new.merchant_id and case_id = new.case_id and closed_at is not null
    ) then
        raise exception 'the case is closed' using errcode = 'CC001';
    end if;
    perform pg_advisory_xact_lock(
        hashtextextended(new.merchant_id || '/' || new.fingerprint, 0)
    );
    select
        coalesce(bool_or(state = 'declined' and family in ('never', 'needs_new_card')), false),
        count(*) filter (
            where amount_minor = new.amount_minor
            and coalesce(resolved_at, started_at) > new.started_at - interval '30 days'
        ),
        count(*) filter (
            where coalesce(resolved_at, started_at) > new.started_at - interval '24 hours'
        )
    into barred, in_month, in_day
    from payment_attempts
    where merchant_id = new.merchant_id and fingerprint = new.fingerprint
        and state in ('in_flight', 'unclear', 'declined');
    if barred then
        raise exception 'the card said never' using errcode = 'CC001';
    elsif in_month >= month_limit then
        raise exception 'month limit of the network: %', in_month using errcode = 'CC001';
    elsif in_day >= day_limit then
        raise exception 'day limit of the network: %', in_day using errcode = 'CC001';
    end if;
    return new;
end
$$;
create trigger refuse_forbidden_charge before insert on payment_attempts
    for each row when (new.state = 'in_flight') execute function refuse_forbidden_charge();

create function refuse_change_of_audit() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger refuse_change before update or delete on audit_log
    for each row execute function refuse_change_of_audit();
create trigger refuse_truncate before truncate on audit_log
    for each statement execute function refuse_change_of_audit();

-- A decision that was made and knowledge that one was made on stay as they were.
create function refuse_change_of_the_past() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end
$$;
create trigger refuse_change before update or delete on case_decisions
    for each row execute function refuse_change_of_the_past();
create trigger refuse_change before update on knowledge
    for each row execute function refuse_change_of_the_past();
create trigger refuse_change before update on policies
    for each row execute function refuse_change_of_the_past();

-- How the installation stands: counts over all merchants, and nothing but counts.
create function installation_standing(instant timestamptz) returns table (
    open bigint,
    recovered bigint,
    lost bigint,
    stopped bigint,
    events_waiting bigint,
    events_lag_s double precision,
    actions_due bigint,
    actions_lag_s double precision,
    dead bigint,
    open_without_next_action bigint
)
language sql stable security definer set search_path = pg_catalog, public as $$
    with cases as (
        select
            count(*) filter (where closed_at is null) as open,
            count(*) filter (where phase = 'recovered') as recovered,
            count(*) filter (where phase = 'lost') as lost,
            count(*) filter (where phase = 'stopped') as stopped
        from public.recovery_cases
    ),
    events as (
        select count(*) as waiting, extract(epoch from clock_timestamp() - min(received_at)) as lag_s
        from public.inbox_events where handled_at is null and dead_at is null
    ),
    actions as (
        select count(*) as due, extract(epoch from instant - min(due_at)) as lag_s
        from public.scheduled_actions where dead_at is null and due_at <= instant
    )
    select
        cases.open, cases.recovered, cases.lost, cases.stopped,
        events.waiting, coalesce(events.lag_s, 0)::double precision,
        actions.due, coalesce(actions.lag_s, 0)::double precision,
        (select count(*) from public.inbox_events where dead_at is not null)
            + (select count(*) from public.scheduled_actions where dead_at is not null),
        (
            select count(*) from public.recovery_cases c where c.closed_at is null and not exists (
                select from public.scheduled_actions a
                where a.merchant_id = c.merchant_id and a.case_id = c.case_id
            )
        )
    from cases, events, actions
$$;
