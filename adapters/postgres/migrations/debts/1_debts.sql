-- What one customer owes, and how the merchant wants it shown. A merchant's app waits for this
-- answer with each of its pages: so the transaction is bound to the merchant and asked in one call
-- instead of in four. It binds for the caller's own transaction, which must be this call alone.
create function debts_of(merchant uuid, customer text, most integer)
returns table (
    grace_days smallint, shown boolean, banner boolean, wall text, case_id uuid, events jsonb
)
language plpgsql volatile security invoker set search_path = pg_catalog, public as $$
#variable_conflict use_column
begin
    perform set_config('app.merchant_id', merchant::text, true);
    return query
        select s.grace_days, s.shown, s.banner, s.wall, c.case_id, c.events
        from (select merchant as merchant_id) m
        left join in_app_settings s using (merchant_id)
        left join lateral (
            select r.case_id, r.opened_at, (
                select jsonb_agg(e.body order by e.version) from case_events e
                where e.merchant_id = r.merchant_id and e.case_id = r.case_id
            ) as events
            from recovery_cases r
            where r.merchant_id = m.merchant_id and r.customer_id = customer
                and r.closed_at is null and not r.held_out
            order by r.opened_at, r.case_id limit most
        ) c on true
        order by c.opened_at, c.case_id;
end
$$;
revoke execute on function debts_of(uuid, text, integer) from public;
grant execute on function debts_of(uuid, text, integer) to chargechase_app;
