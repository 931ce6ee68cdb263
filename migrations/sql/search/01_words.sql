-- Words as they are kept and looked for: lower case, without accents, in their bare form and in the
-- stem of the paper's language; numbers as they are printed in any country.
set role app_owner;

-- ä becomes a, ß ss, Ø o: letters as somebody types them who has no such keys.
create function app.fold(t text) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select case when octet_length(t) = length(t) then lower(t)
    else replace(replace(replace(translate(
      regexp_replace(lower(normalize(t, NFKD) collate pg_c_utf8), '[\u0300-\u036f]', '', 'g'),
      'øłđðþı', 'olddti'), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe') end
$$;

-- The words of a text in small letters, each once; what is neither letter nor digit parts them.
create function app.bare_words(t text) returns text[]
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(distinct left(w, 60)), '{}') from string_to_table(translate(t,
    E' \t\n\r\f\v.,;:!?()[]{}<>/\\|-_+*=#&%$@"''`~^§°€£«»„“”‚‘’–—…•·×©®¡¿′″‐‑‒†‡‹›',
    repeat(' ', 80)), ' ') w where w <> ''
$$;

-- Amounts, dates and account numbers in one piece: 1.234,56, 1,234.56 and 1 234,56 are 123456.
create function app.joined_numbers(folded text) returns text[]
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(distinct left(x, 60)), '{}') from (
    select regexp_replace(m[1], '[^0-9]', '', 'g') x
      from regexp_matches(folded, '(\d{1,3}(?: \d{3})+[.,]\d{2}|\d+(?:[.,''’]\d+)+)', 'g') m
    union all
    select replace(m[1], ' ', '')
      from regexp_matches(folded, '\m([a-z]{2}\d{2}(?: [a-z0-9]{4}){2,7}(?: [a-z0-9]{1,3})?)\M', 'g') m
  ) found
$$;

-- The language of a text by its small words; null where none stands out.
create function app.language_of(words text[]) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select l.name from (values
      ('german', '{der,die,und,das,den,von,mit,ist,für,auf,im,dem,nicht,ein,eine,zu,wir,sie}'::text[]),
      ('english', '{the,and,of,to,for,is,with,your,this,you,in,from,by,are,be,on}'),
      ('french', '{le,la,les,des,et,du,une,pour,est,dans,votre,au,sur,par,nous,vous}'),
      ('dutch', '{de,het,een,en,van,voor,met,op,aan,uw,wij,niet,is,te,door}'),
      ('italian', '{il,di,che,per,del,della,con,una,sono,gli,dal,nel,le,e}'),
      ('spanish', '{el,los,las,del,y,que,para,con,una,por,su,en,es,se}')) l(name, small),
      unnest(l.small) s(word)
   where s.word in (select unnest(words))
   group by l.name having count(*) > 1 order by count(*) desc, l.name limit 1
$$;
create function app.stem(language text, word text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select (case language
    when 'german' then ts_lexize('german_stem', word)
    when 'english' then ts_lexize('english_stem', word)
    when 'french' then ts_lexize('french_stem', word)
    when 'dutch' then ts_lexize('dutch_stem', word)
    when 'italian' then ts_lexize('italian_stem', word)
    when 'spanish' then ts_lexize('spanish_stem', word) end)[1]
$$;

-- ä as ae: how a word is written where there are no umlauts.
create function app.unfold(t text) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select replace(replace(replace(t, 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue')
$$;

-- Everything by which a text is found. Only words with other letters than a to z are folded: few are.
create function app.words_of(t text) returns text[]
language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  small text := case when octet_length(t) = length(t) then lower(t)
    else lower(normalize(t, NFKC) collate pg_c_utf8) end;
  words text[] := app.bare_words(small);
  language text := app.language_of(words);
  plain text[];
  odd text;
begin
  select array_agg(w) filter (where octet_length(w) = length(w)),
         string_agg(w, ' ') filter (where octet_length(w) <> length(w))
    into plain, odd from unnest(words) w;
  if odd is not null then
    plain := plain || app.bare_words(app.fold(odd));
    if odd ~ '[äöü]' then
      plain := plain || app.bare_words(app.fold(app.unfold(odd)));
    end if;
  end if;
  if language is not null then
    plain := plain || tsvector_to_array(to_tsvector(language::regconfig, array_to_string(plain, ' ')));
  end if;
  if small ~ '[0-9][.,''’ ][0-9]|[a-z][a-z][0-9][0-9] ' then
    plain := plain || app.joined_numbers(small);
  end if;
  return array(select distinct left(w, 60) from unnest(plain) w where w !~ '[''\\:]');
end $$;

-- A client's words begin with its mark, so that the index reads no other client's.
create function app.search_mark(tenant uuid) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select substr(md5(tenant::text), 1, 5)
$$;

-- The words of one typed term, in their order, as papers have them.
create function app.typed_words(term text) returns text[]
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(left(w, 60) order by n), '{}') from string_to_table(translate(term,
    E' \t\n\r\f\v.,;:!?()[]{}<>/\\|-_+*=#&%$@"''`~^§°€£«»„“”‚‘’–—…•·×©®¡¿′″‐‑‒†‡‹›',
    repeat(' ', 80)), ' ') with ordinality x(w, n) where w <> ''
$$;

-- Whom a paper is from and its tags, by which a search is narrowed: words of their own kind, which no
-- typed word is. A tag is one word, whatever stands in it.
create function app.tag_word(tag text) returns text
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select '#' || left(md5(app.fold(regexp_replace(trim(tag), '\s+', ' ', 'g'))), 20)
$$;
create function app.label_words(party text, tags text[]) returns text[]
language sql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
  select array(select '@' || w from unnest(app.words_of(party)) w
               union all select app.tag_word(t) from unnest(tags) t)
$$;

-- What narrows a search, as a query that goes on another: each word of a counterparty, or how it begins,
-- and a whole tag. Empty where nothing does.
create function app.label_query(p_party text, p_tag text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select coalesce(string_agg(x.q, ''), '') from (
    select ' & (' || string_agg('''§@' || left(f, 60) || ''':*', ' | ') || ')' as q
      from unnest((app.typed_words(lower(left(p_party, 200) collate pg_c_utf8)))[1:12])
             with ordinality v(w, n),
           unnest(app.bare_words(app.fold(v.w)) || app.bare_words(app.fold(app.unfold(v.w)))) f
     group by v.n
    union all
    select ' & ''§' || app.tag_word(p_tag) || '''' where trim(p_tag) <> '') x
$$;

-- What somebody typed, as a query with § for the client's mark, and what to mark in a text. All terms
-- must be there; the last is the beginning of a word while nothing follows it.
create function app.search_query(p_typed text, out query text, out marks text[], out begun text[])
language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  typed text := left(p_typed, 200);
  terms text[] := regexp_split_to_array(trim(replace(typed, '"', ' ')), '\s+');
  term text;
  place integer := 0;
  word text;
  words text[];
  forms text[];
  bare text[];
  last boolean;
begin
  marks := '{}'; begun := '{}'; query := '';
  foreach term in array terms[1:12] loop
    place := place + 1;
    words := case when app.fold(term) ~ '^\d+([.,''’]\d+)+$'
      then array[regexp_replace(term, '[^0-9]', '', 'g')]
      else app.typed_words(app.fold(term)) end;
    foreach word in array words loop
      last := place = cardinality(terms) and word = words[cardinality(words)]
        and typed !~ '[\s"]$' and length(word) > 1;
      forms := array[left(word, 60)];
      if term ~ '[äöüÄÖÜ]' then
        forms := forms || app.bare_words(app.fold(app.unfold(lower(term collate pg_c_utf8))));
      end if;
      bare := forms;
      forms := array(select distinct f from (select unnest(forms) f union all
        select app.stem(l, w) from unnest(forms) w, unnest('{german,english,french,dutch,italian,spanish}'::text[]) l
         where w ~ '^[a-z]{4}') x where f <> '');
      query := query || case when query = '' then '' else ' & ' end || '(' || (
        select string_agg('''§' || f || '''' || case when last and f = any (bare) then ':*' else '' end,
                          ' | ') from unnest(forms) f) || ')';
      marks := marks || forms;
      if last then begun := begun || bare; end if;
    end loop;
  end loop;
end $$;

grant execute on function app.fold(text), app.bare_words(text), app.joined_numbers(text),
  app.language_of(text[]), app.unfold(text), app.typed_words(text), app.stem(text, text), app.words_of(text), app.search_mark(uuid),
  app.tag_word(text), app.label_words(text, text[]), app.label_query(text, text),
  app.search_query(text) to guard_definer;
reset role;
