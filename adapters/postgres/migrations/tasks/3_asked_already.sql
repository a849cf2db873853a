-- What cases asked of the merchant before there were tasks: due as soon as somebody looks.
insert into tasks (merchant_id, task_id, kind, subject, about, case_id, amount_minor, currency,
    opened_at, due_at)
select merchant_id, gen_random_uuid(),
    case
        when phase = 'paused' then 'something_wrong'
        when ended then 'capability_missing'
        else 'confirm_end'
    end,
    'case:' || case_id, '', case_id, amount_minor, currency, changed_at, clock_timestamp()
from (
    select c.*, exists (
        select from case_events e
        where e.merchant_id = c.merchant_id and e.case_id = c.case_id and e.type = 'end_action_done'
    ) as ended
    from recovery_cases c where c.needs_you
) waiting;
