-- What must never be. Each row is something broken, for a person to look at; no row means all is
-- well. Run it every few minutes as the owner: psql --no-align --tuples-only -f deploy/invariants.sql
-- The runbook says what to do about each.

select 'open_without_next_action' as invariant, merchant_id, case_id::text as subject
from recovery_cases as c
where closed_at is null and not exists (
    select from scheduled_actions as a
    where a.merchant_id = c.merchant_id and a.case_id = c.case_id
)

union all
select 'closed_with_next_action', c.merchant_id, c.case_id::text
from recovery_cases as c join scheduled_actions as a using (merchant_id, case_id)
where c.closed_at is not null and a.kind <> 'end'

union all
-- The row that lists read is derived from the events: it must be at their version.
select 'derived_row_differs', c.merchant_id, c.case_id::text
from recovery_cases as c
left join (
    select merchant_id, case_id, count(*) as events, max(version) as last
    from case_events group by merchant_id, case_id
) as e using (merchant_id, case_id)
where c.version is distinct from e.last or e.events is distinct from e.last

union all
-- A case that waits for the merchant is somebody's task, and stands in their list.
select 'needs_a_person_without_task', merchant_id, case_id::text
from recovery_cases as c
where needs_you and not exists (
    select from tasks as t
    where t.merchant_id = c.merchant_id and t.case_id = c.case_id and t.done_at is null
)

union all
-- A charge is looked into after ten minutes; one that is still open after a day is lost from sight.
select 'charge_without_outcome', merchant_id, attempt_id
from payment_attempts
where state in ('in_flight', 'unclear') and started_at < now() - interval '1 day'

union all
select 'charged_after_the_end', p.merchant_id, p.attempt_id
from payment_attempts as p join recovery_cases as c using (merchant_id, case_id)
where p.by = 'chargechase' and p.started_at > c.closed_at

union all
-- Two of our charges of one invoice that both took money.
select 'paid_twice', merchant_id, invoice_id
from payment_attempts
where by = 'chargechase' and state = 'succeeded'
group by merchant_id, invoice_id having count(*) > 1

union all
-- The networks' month, counted as domain/network.py says.
select distinct 'network_limit_passed', a.merchant_id, a.attempt_id
from payment_attempts as a
join payment_attempts as b
    on b.merchant_id = a.merchant_id and b.fingerprint = a.fingerprint
    and b.amount_minor = a.amount_minor and b.state in ('declined', 'in_flight', 'unclear')
    and b.started_at between a.started_at - interval '30 days' and a.started_at
where a.by = 'chargechase' and a.state in ('declined', 'in_flight', 'unclear')
group by a.merchant_id, a.attempt_id, a.brand
having count(*) > case a.brand when 'visa' then 20 when 'mastercard' then 35 else 8 end

union all
select 'event_waits', merchant_id, event_id
from inbox_events
where handled_at is null and dead_at is null and received_at < now() - interval '1 hour'

union all
select 'dead_event', merchant_id, event_id
from inbox_events where dead_at is not null

union all
select 'dead_action', merchant_id, action_id::text
from scheduled_actions where dead_at is not null

union all
select 'number_after_the_end', t.merchant_id, t.case_id::text
from text_consents t
join recovery_cases c on c.merchant_id = t.merchant_id and c.case_id = t.case_id
where t.number is not null and c.closed_at is not null

order by 1, 2, 3;
