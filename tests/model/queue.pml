/* A queue: a ring of cells, items as chains of two chunks, repair after a death at any step.
 * README.md says which line of the code each step stands for, and what is left out. */
#include "rules.h"

#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef ITEMS
#define ITEMS 2       /* of each producer */
#endif
#ifndef CELLS
#define CELLS 1
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef BAD_ITEMS
#define BAD_ITEMS 0      /* items that cannot be read and are given back */
#endif

#define PARTIES (PRODUCERS + CONSUMERS)
#define ALL_ITEMS (PRODUCERS * ITEMS)
#define CHUNKS (2 * (CELLS + PARTIES))  /* never too few, since the code makes more */
#define NOBODY 255
#define NO_CHUNK CHUNKS

#define FREE 0
#define READY 1
#define READING 2

#define VACANT 0
#define ALIVE 1
#define ZOMBIE 2

hidden byte item_is_whole, popped_once, pushed_is_popped_or_there, no_chunk_leaks,
    chunk_is_its_owners;

typedef Cell {
  byte state;
  byte party;
  byte lap;
  byte chunk;
};
Cell cell[CELLS];
byte owner[CHUNKS] = NOBODY, link[CHUNKS], data[CHUNKS] = NOBODY;
byte tail, scan, version, head;

bit news[PARTIES];        /* a signal has changed since this party looked */
byte process[PARTIES];
bit killed[PARTIES], over[PARTIES];
byte crashes, bad_items;
bit finished;
#ifdef REPAIR_WITHOUT_REAP
bit repaired;
#endif

/* What only the properties know. */
bit pushed[ALL_ITEMS];
byte popped[ALL_ITEMS];

#if PRODUCERS + CONSUMERS == 2
#define any(p) (p(0) || p(1))
#define each(f) f(0) f(1)
#elif PRODUCERS + CONSUMERS == 3
#define any(p) (p(0) || p(1) || p(2))
#define each(f) f(0) f(1) f(2)
#else
#define any(p) (p(0) || p(1) || p(2) || p(3))
#define each(f) f(0) f(1) f(2) f(3)
#endif
#define is_zombie(i) (process[i] == ZOMBIE)
#define is_unfinished(i) (!over[i])
#define is_producing(i) (i < PRODUCERS && !over[i])
#define SET_NEWS(i) news[i] = 1;
inline notify() { d_step { each(SET_NEWS) } }

#define at(p) cell[(p) % CELLS]
#define published(p) \
  (at(p).lap > (p) / CELLS || (at(p).lap == (p) / CELLS && at(p).state != FREE))

inline move_head() {
  d_step {
    do
    :: at(head).lap > head / CELLS -> head++
    :: else -> break
    od
  }
}
/* What is given back lies before `scan`; the version stops those who looked before. */
inline rescan() {
#ifdef NO_RESCAN
  skip
#else
  atomic {
    scan = head;
#ifndef NO_VERSION
    version++
#endif
  }
#endif
}

#define item (me * ITEMS + n)
inline take(chunk) {
  chunk = 0;
  do
  :: owner[chunk] == NOBODY -> owner[chunk] = me; link[chunk] = NO_CHUNK; break
  :: else -> chunk++
  od
}
inline fill() {
  atomic { must(chunk_is_its_owners, owner[first] == me); data[first] = item };
  atomic { take(second); link[first] = second };
  atomic { must(chunk_is_its_owners, owner[second] == me); data[second] = item }
}

/* A death ends the party at the next step; the supervisor sees a zombie. */
#define DIES \
  unless { atomic { killed[me] -> killed[me] = 0; process[me] = ZOMBIE; RESET } }

proctype producer(byte me) {
  byte n, t, first = NO_CHUNK, second = NO_CHUNK;
#define RESET n = 0; t = 0; first = NO_CHUNK; second = NO_CHUNK; over[me] = 1
  {
    do
    :: n == ITEMS -> break
    :: else ->
      /* Parcel: each chunk is taken by one CAS, filled, linked. */
      atomic { take(first) };
#ifndef PUBLISHED_EARLY
      fill();
#endif
      news[me] = 0;
      t = tail;
      do  /* QueueRing::push */
      :: atomic { published(t) ->
          if
          :: tail == t -> tail = t + 1; t = t + 1
          :: else -> t = tail
          fi }
      :: atomic { !published(t) && at(t).lap == t / CELLS ->
          at(t).state = READY;
          at(t).party = NOBODY;
          at(t).chunk = first;
          pushed[item] = 1 };
        break
      :: atomic { !published(t) && at(t).lap < t / CELLS ->
          if
          :: tail != t -> news[me] = 1
          :: else  /* full */
          fi };
        news[me];
        atomic { news[me] = 0; t = tail }
      od;
#ifdef PUBLISHED_EARLY
      fill();
#endif
      atomic {
        if
        :: tail == t -> tail = t + 1
        :: else
        fi;
        t = 0; first = NO_CHUNK; second = NO_CHUNK
      };
      notify();
      n++
    od;
    atomic { over[me] = 1; process[me] = VACANT };
    notify()
  } DIES
}
#undef RESET

inline give(chunk) {
  atomic {
    if
    :: chunk != NO_CHUNK && owner[chunk] == me -> owner[chunk] = NOBODY; data[chunk] = NOBODY
    :: else
    fi
  }
}
inline give_chain() { give(first); give(second) }
/* Puts the consumer's name on the chunks. */
inline take_over() {
#ifndef NO_TAKE_OVER
  owner[first] = me;
  atomic {
    second = link[first];
    if
    :: second != NO_CHUNK -> owner[second] = me
    :: else
    fi
  }
#else
  second = link[first]
#endif
}
inline read_item() {
  atomic {
    must(item_is_whole, first != NO_CHUNK && second != NO_CHUNK && data[first] != NOBODY);
    what = data[first]
  };
  must(item_is_whole, data[second] == what);
}
#define mine (at(p).state == READING && at(p).party == me && at(p).chunk == first)

proctype consumer(byte me) {
  byte p, begin, seen, first = NO_CHUNK, second = NO_CHUNK, what;
#define RESET p = 0; begin = 0; seen = 0; first = NO_CHUNK; second = NO_CHUNK; what = 0
  do
  :: { process[me] == ALIVE;
    look:
      news[me] = 0;
      atomic {  /* QueueRing::claim */
        seen = version;
        begin = scan;
        p = (tail > CELLS && tail - CELLS > scan -> tail - CELLS : scan)
      };
      do
      :: atomic { !published(p) -> first = NO_CHUNK }; break
      :: atomic { published(p) && at(p).lap == p / CELLS && at(p).state == READY ->
          at(p).state = READING;
          at(p).party = me;
          first = at(p).chunk };
        break
      :: atomic { published(p) && !(at(p).lap == p / CELLS && at(p).state == READY) -> p++ }
      od;
      /* All before p is not ready. After a claim the cell at p is neither. */
      atomic {
        if
        :: version == seen && scan == begin -> scan = (first == NO_CHUNK -> p : p + 1)
        :: first == NO_CHUNK
        :: version != seen || scan != begin
        fi;
        begin = 0; seen = 0
      };
      if
      :: first == NO_CHUNK ->
        move_head();
        if
        :: !any(is_producing) && at(head).state == FREE && at(head).lap == head / CELLS ->
          atomic { over[me] = 1; process[me] = VACANT };
          goto through
        :: else
        fi;
        p = 0;
        news[me];
        goto look
      :: else
      fi;
      take_over();
#if BAD_ITEMS > 0
      if
      :: bad_items < BAD_ITEMS ->
        bad_items++;
        atomic {  /* give_back */
          if
          :: mine -> at(p).state = READY; at(p).party = NOBODY
          :: else
          fi;
          first = NO_CHUNK; second = NO_CHUNK; p = 0
        };
        rescan();
        notify();
        goto look
      :: true
      fi;
#endif
#ifndef READ_AFTER_COMMIT
      read_item();
#endif
#ifdef GIVEN_BEFORE_COMMIT
      give_chain();
#endif
      atomic {  /* commit */
        if
        :: mine ->
          at(p).state = FREE;
          at(p).party = NOBODY;
#ifndef LAP_NOT_BUMPED
          at(p).lap++;
#endif
          at(p).chunk = NO_CHUNK
        :: else
        fi;
#ifndef READ_AFTER_COMMIT
        popped[what]++;
        must(popped_once, popped[what] == 1)
#endif
      };
#ifdef READ_AFTER_COMMIT
      read_item();
      atomic { popped[what]++; must(popped_once, popped[what] == 1) };
#endif
      give_chain();
      atomic { first = NO_CHUNK; second = NO_CHUNK; what = 0; p = 0 };
      move_head();
      notify();
      goto look
    } DIES
  od;
through:
  skip
}

/* QueueRing::repair, and Suspects. `kept`: bit c is set when a cell leads to chunk c. */
inline repair(dead) {
  move_head();
  p = head;
  do
  :: p - head > CELLS || !published(p) -> break
  :: else ->
    atomic {
      first = NO_CHUNK;
      if
      :: at(p).lap == p / CELLS && at(p).state != FREE ->
#ifndef NOT_RETURNED
        if
        :: at(p).state == READING && at(p).party == dead ->
          at(p).state = READY;
          at(p).party = NOBODY
        :: else
        fi;
#endif
        state = at(p).state; party = at(p).party; first = at(p).chunk
      :: else
      fi
    };
    if
    :: first != NO_CHUNK ->
      second = link[first];
      atomic {  /* still the same, so the chain was the item's */
        if
        :: at(p).state == state && at(p).party == party && at(p).lap == p / CELLS ->
#ifndef NOTHING_KEPT
          kept = kept | (1 << first) | (1 << second);
#endif
          p++
        :: else
        fi
      }
    :: else -> p++
    fi
  od;
  atomic { state = 0; party = 0; second = 0; first = 0; p = 0 };
  rescan();
  notify();
  do
  :: first == CHUNKS -> break
  :: else ->
    atomic {
      if
      :: !(kept & (1 << first)) && owner[first] == dead ->
        owner[first] = NOBODY;
        data[first] = NOBODY
      :: else
      fi;
      first++
    }
  od;
  atomic { first = 0; kept = 0 }
}

#define find(p) i = 0; do :: p(i) -> break :: else -> i++ od

proctype supervisor() {
  byte i, p, first, second, state, party;
  short kept;
end_poll:
  do
  :: atomic { any(is_zombie) -> find(is_zombie) };
#ifdef RESPAWN_BEFORE_REPAIR
    if
    :: i >= PRODUCERS -> process[i] = ALIVE
    :: else -> process[i] = VACANT
    fi;
    repair(i);
#else
    repair(i);
    if
    :: i >= PRODUCERS -> process[i] = ALIVE
    :: else -> process[i] = VACANT
    fi;
#endif
    i = 0
#ifdef REPAIR_WITHOUT_REAP
  :: atomic { !repaired && process[PRODUCERS] == ALIVE -> repaired = 1; i = PRODUCERS };
    repair(i);
    i = 0
#endif
  od
}
#define FATE(i) \
  :: atomic { crashes < CRASHES && process[i] == ALIVE && !killed[i] -> crashes++; killed[i] = 1 }
proctype environment() {
end:
  do
  each(FATE)
  od
}

/* When all are through and the dead repaired: what was pushed was popped, and no chunk is taken. */
proctype judge() {
  byte n;
  !any(is_unfinished) && !any(is_zombie);
  do
  :: n == ALL_ITEMS -> n = 0; break
  :: else -> must(pushed_is_popped_or_there, popped[n] == pushed[n]); n++
  od;
  do
  :: n == CHUNKS -> break
  :: else -> must(no_chunk_leaks, owner[n] == NOBODY); n++
  od;
  finished = 1
}

#define START(i) \
  process[i] = ALIVE; \
  if \
  :: i < PRODUCERS -> run producer(i) \
  :: else -> run consumer(i) \
  fi;
init { atomic { each(START) run supervisor(); run environment(); run judge() } }

ltl over { <> finished }
