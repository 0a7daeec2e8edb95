-- What a catalogue has for a query: DuckDB over the open tables search_titles, search_words and search_index.
-- Parameters: query (text) and k (how many titles at most).
with cut as (
    -- Words as the index cuts them; what comes after the sixteenth says little, and costs as much.
    select list_slice({words}, 1, 16) as words
),
spoken as (
    select unnest(words) as word, generate_subscripts(words, 1) as position from cut
),
asked as (
    -- How many typos are forgiven: none up to two letters, two from eight on.
    select word, position, case when length(word) >= 8 then 2 when length(word) >= 3 then 1 else 0 end as forgiven
    from spoken
    union all
    -- A space too many.
    select one.word || other.word, one.position, 0
    from spoken as one join spoken as other on other.position = one.position + 1
),
near as (
    select *
    from (
        select
            asked.position,
            asked.word as asked,
            asked.forgiven,
            known.word,
            known.stem,
            known.titles,
            -- Two neighbours that changed places are one typo here and two changes there, which are counted sooner.
            case
                when known.word = asked.word then 0
                when levenshtein(known.word, asked.word) <= 2 * forgiven then damerau_levenshtein(known.word, asked.word)
            end as typos
        from asked join search_words as known
            on length(known.word) between length(asked.word) - forgiven and length(asked.word) + forgiven
    )
    where typos <= forgiven
),
meant as (
    -- Who types a word of the catalogue mostly means it; who does not means one that is near and often there.
    select
        *,
        -- Half of it where the very word is known too.
        (1 - typos / length(asked)) ** 2 * if(typos > 0 and min(typos) over (partition by position, asked) = 0, 0.5, 1)
            as trust
    from near
    qualify row_number() over (partition by position, asked order by typos, titles desc, word) <= 12
),
terms as (
    select position, trust, stem as term, 'stem' as form from meant
    union all
    select position, trust, '=' || word, 'word' from meant
    union all
    select 0, 1, '^' || array_to_string(words, ' '), 'name' from cut
),
once as (
    -- One word of a title answers one word of the query, the first of those that it is nearest to: Troy is no Toy Story,
    -- however near it is to both its words.
    select
        form,
        found.title_id,
        term,
        max(trust) * any_value(found.weight) as weight,
        arg_max(position, trust - position * 1e-9) as position
    from terms join search_index as found using (term)
    group by all
),
best as (
    select position, form, title_id, max(weight) as weight from once group by all
),
written as (
    select title_id, sum(weight) as points, count(distinct position) filter (form = 'stem') as words
    from best group by title_id
),
sense as (
    select coalesce(list(value order by place), []) as vector
    from (
        select place, sum(trust * vector[place]) as value
        from (
            select trust, vector, unnest(generate_series(1, len(vector))) as place
            from meant join search_words using (word)
            where typos = 0
        )
        group by place
    )
),
likeness as (
    -- A title or a query that no direction tells anything of has no angle to anything.
    select title_id, if(isnan(angle), 0, angle) as alike
    from (
        select
            title_id,
            case when len(sense.vector) = len(search_titles.vector) and len(sense.vector) > 0
                then list_cosine_similarity(search_titles.vector, sense.vector) else 0 end as angle
        from search_titles, sense
    )
)
select
    search_titles.title_id,
    search_titles.name,
    search_titles.kind,
    search_titles.genres,
    search_titles.release_year,
    round(coalesce(written.points, 0) + 2 * greatest(coalesce(likeness.alike, 0), 0), 6) as score,
    coalesce(written.words, 0) as words
from search_titles
left join written using (title_id)
left join likeness using (title_id)
where written.points > 0 or likeness.alike >= 0.5
order by score desc, title_id
limit $k
