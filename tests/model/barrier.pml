/* The barrier of an spmd job: nobody waits for ever for one who died or left.
 * README.md says which line of the code each step stands for. */
#include "rules.h"

#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef PHASES
#define PHASES 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#ifndef LEAVERS
#define LEAVERS 0      /* members that return before the last barrier */
#endif

#define GONE 255       /* no_slice */

#define ALIVE 0
#define ZOMBIE 1
#define REAPED 2

hidden byte passed_when_all_came, broken_for_cause;

byte phase, arrived[WORKERS];
bit broken, stop_claims;

byte process[WORKERS];
bit killed[WORKERS];
byte crashes, leavers;

/* What only the properties know. */
byte came[WORKERS];    /* barriers each has come to */
bit waiting[WORKERS], released[WORKERS];

#define came_to(i) (came[i] > mine)
#if WORKERS == 2
#define each(f) f(0) f(1)
#define all(p) (p(0) && p(1))
#define any(p) (p(0) || p(1))
#else
#define each(f) f(0) f(1) f(2)
#define all(p) (p(0) && p(1) && p(2))
#define any(p) (p(0) || p(1) || p(2))
#endif
#define is_zombie(i) (process[i] == ZOMBIE)

#define REAP(i) if :: is_zombie(i) -> process[i] = REAPED :: else fi;

inline condemn() { stop_claims = 1 }

proctype member(byte me) {
  byte mine, i, n;
  bit all_here;
  {
    do
    :: n == PHASES -> break
    :: n > 0 && n < PHASES && leavers < LEAVERS -> leavers++; break
    :: n < PHASES ->
      mine = phase;  /* Worker::barrier */
      atomic { arrived[me] = mine + 1; came[me]++; waiting[me] = 1 };
      do
      :: true ->
#ifdef BROKEN_FIRST
        if
        :: broken || stop_claims -> goto thrown
        :: else
        fi;
#endif
        if
        :: phase != mine -> break
        :: else
        fi;
#ifndef NOBODY_LOOKS
        if
        :: broken || stop_claims -> goto thrown
        :: else
        fi;
#endif
        all_here = 1;
        do
        :: i == WORKERS -> break
        :: i < WORKERS && arrived[i] == GONE ->
#ifndef PHASE_NOT_LOOKED_AT_AGAIN
          if
          :: phase != mine -> break
          :: else
          fi;
#endif
          must(broken_for_cause, crashes > 0 || leavers > 0);
          broken = 1;
          condemn();
          goto thrown
        :: atomic { i < WORKERS && arrived[i] != GONE ->
            all_here = all_here && arrived[i] > mine;
            i++ }
        od;
        if
        :: i < WORKERS -> i = 0; break  /* opened meanwhile */
        :: else -> i = 0
        fi;
        if
        :: all_here ->
          atomic {
            if
            :: phase == mine -> phase++
            :: else
            fi
          };
          break
        :: else  /* a bounded wait, and another look */
        fi
      od;
      atomic {
        all_here = 0;
        must(passed_when_all_came, all(came_to));
        waiting[me] = 0;
        mine = 0;
        n++
      }
    od;
#ifndef LEAVES_SILENTLY
    arrived[me] = GONE;
#endif
    goto end_parked;
  thrown:
    atomic { waiting[me] = 0; released[me] = 1; i = 0; all_here = 0; mine = 0; n = 0 };
  end_parked:
    false
  } unless { atomic { killed[me] ->
    process[me] = ZOMBIE; waiting[me] = 0; i = 0; all_here = 0; mine = 0; n = 0 } }
}

proctype supervisor() {
end_poll:
  do
  :: any(is_zombie) ->
#ifndef DEATH_BREAKS_NOTHING
    condemn();
    broken = 1;
#endif
    atomic { each(REAP) }
  od
}
#define FATE(i) \
  :: atomic { crashes < CRASHES && process[i] == ALIVE && !killed[i] -> crashes++; killed[i] = 1 }
proctype environment() {
end:
  do
  each(FATE)
  :: true -> break  /* fairness must not force it to kill */
  od
}

#define START(i) run member(i);
init { atomic { each(START) run supervisor(); run environment() } }

ltl released { [] (waiting[0] -> <> !waiting[0]) }
