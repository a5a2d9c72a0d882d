/* The barrier between processes: who waits goes on with all others, or is told with all others that it
 * is broken, whoever dies, aborts or resets. README.md says which line of the code each step stands
 * for. */
#include "rules.h"

#ifndef PARTIES
#define PARTIES 2
#endif
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef WAITS
#define WAITS 2        /* of each */
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef RESETS
#define RESETS 1       /* of a barrier that is broken by then, by it or by others */
#endif
#ifndef RESETTERS
#define RESETTERS 1    /* they know nothing of each other */
#endif

#define GENERATIONS 8
#define FILLING 0
#define BROKEN 1
#define NOBODY 255

#define ALIVE 0
#define ZOMBIE 1
#define REAPED 2

hidden byte all_or_nobody, passed_when_all_came, nobody_stuck;

/* One word each. */
byte phase, generation;                                  /* the state */
byte party[PARTIES] = NOBODY, came_in[PARTIES];          /* the places */
bit ends[GENERATIONS];                                   /* broken, for those who look late */

byte process[WAITERS];
bit killed[WAITERS];
byte crashes, resets;

/* What only the properties know. */
bit passed[GENERATIONS], told[GENERATIONS];
byte waits_in[WAITERS] = NOBODY;                         /* generation */

#define there(i) (party[i] != NOBODY && came_in[i] == generation)
#if PARTIES == 2
#define all_there (there(0) && there(1))
#define is_in(w) ((there(0) && party[0] == w) || (there(1) && party[1] == w))
#endif
#if WAITERS == 2
#define each(f) f(0) f(1)
#define any(p) (p(0) || p(1))
#else
#define each(f) f(0) f(1) f(2)
#define any(p) (p(0) || p(1) || p(2))
#endif
#define is_zombie(w) (process[w] == ZOMBIE)

inline break_it(g) {
  atomic {
    if
    :: phase == FILLING && generation == g -> phase = BROKEN
    :: else
    fi
  }
}

proctype waiter(byte me) {
  byte mine, i, seen_party, seen_in, n;
  {
    do
    :: n == WAITS -> break
    :: n < WAITS ->
      /* Arrivals::look */
    arrive:
      atomic {
        if
        :: phase == BROKEN -> goto out   /* told before it came */
        :: else -> mine = generation
        fi
      };
      i = 0;
      do
      :: i == PARTIES -> break
      :: i < PARTIES ->
        atomic { seen_party = party[i]; seen_in = came_in[i] };
#ifdef FREE_IF_ANOTHER
        if
        :: seen_party != NOBODY && seen_in == mine -> i++
#else
        if
        :: seen_party != NOBODY && seen_in >= mine -> i++
#endif
        :: else ->
          atomic {
            if
            :: party[i] == seen_party && came_in[i] == seen_in ->
              party[i] = me; came_in[i] = mine; waits_in[me] = mine; break
            :: else
            fi
          }
        fi
      od;
      if
      :: i == PARTIES ->
        /* No room: the generation is about to end. */
    end_full:
        (generation != mine || phase == BROKEN);
        goto arrive
      :: else
      fi;
      do
      :: true ->
        /* Arrivals::outcome, blocked where the code waits and looks again */
    end_waiting:
        (generation != mine || phase == BROKEN || all_there);
        if
        :: generation != mine ->
          atomic {
#ifdef ENDS_IGNORED
            passed[mine] = 1;
#else
            if
            :: ends[mine] -> told[mine] = 1
            :: else -> passed[mine] = 1
            fi;
#endif
            must(all_or_nobody, !(told[mine] && passed[mine]));
            waits_in[me] = NOBODY
          };
          break
        :: atomic { generation == mine && phase == BROKEN ->
            told[mine] = 1;
            must(all_or_nobody, !passed[mine]);
            waits_in[me] = NOBODY
          };
          break
        :: generation == mine && phase == FILLING && all_there ->
#ifdef PASS_BY_STORE
          phase = FILLING;
          generation = mine + 1;
          atomic { passed[mine] = 1; must(all_or_nobody, !told[mine]); waits_in[me] = NOBODY };
          break
#else
          atomic {
            if
            :: generation == mine && phase == FILLING ->
              must(passed_when_all_came, all_there);
              generation++;
              passed[mine] = 1;
              must(all_or_nobody, !told[mine]);
              waits_in[me] = NOBODY;
              break
            :: else
            fi
          }
#endif
        fi
      od;
    out:
      atomic { n++; mine = 0; i = 0; seen_party = 0; seen_in = 0 }
    od;
  end_over:
    false
  } unless { atomic { killed[me] ->
    process[me] = ZOMBIE; waits_in[me] = NOBODY; mine = 0; i = 0; seen_party = 0; seen_in = 0; n = 0 } }
}

/* Context::repair, of one after the other. */
#define REPAIR(w) \
  :: is_zombie(w) -> \
    atomic { \
      if \
      :: phase == FILLING && is_in(w) && !no_repair -> phase = BROKEN \
      :: else \
      fi; \
      process[w] = REAPED \
    }
#ifdef DEATH_BREAKS_NOTHING
#define no_repair true
#else
#define no_repair false
#endif

proctype supervisor() {
end_poll:
  do
  each(REPAIR)
  od
}

/* BarrierView::abort and reset, by who knows nothing of the others. */
proctype resetter() {
  byte g;
end:
  do
  :: resets < RESETS && generation < GENERATIONS - 1 ->
    resets++;
    g = generation;
    break_it(g);
    if
    :: generation == g && phase == BROKEN ->
#ifdef ENDS_AFTER_STATE
      atomic {
        if
        :: generation == g && phase == BROKEN -> generation++; phase = FILLING
        :: else -> goto over
        fi
      };
      ends[g] = 1;
#else
      ends[g] = 1;
      atomic {
        if
        :: generation == g && phase == BROKEN -> generation++; phase = FILLING
        :: else
        fi
      };
#endif
    :: else
    fi;
  over:
    g = 0
  :: true -> break
  od
}

#define FATE(w) \
  :: atomic { crashes < CRASHES && process[w] == ALIVE && !killed[w] -> crashes++; killed[w] = 1 }
proctype environment() {
end:
  do
  each(FATE)
  :: true -> break
  od
}

/* When nothing more happens: who waits, waits for somebody who has not come. */
#define STUCK(w) (waits_in[w] != NOBODY && (waits_in[w] != generation || phase == BROKEN || all_there))
#define DEAD_INSIDE(w) (process[w] == REAPED && phase == FILLING && is_in(w))
active proctype monitor() {
end:
  timeout ->
  must(nobody_stuck, !any(STUCK));
  must(nobody_stuck, !any(DEAD_INSIDE))
}

#define START(w) run waiter(w);
#if RESETTERS == 2
#define RUN_RESETTERS run resetter(); run resetter();
#else
#define RUN_RESETTERS run resetter();
#endif
init { atomic { each(START) run supervisor(); RUN_RESETTERS run environment() } }
