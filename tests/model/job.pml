/* One job after another: ledger, lanes, undo copies, deaths, repair, parking, early ends.
 * README.md says which line of the code each step stands for, and what is left out. */
#include "rules.h"

/* Bounds and policy; `check` overrides them with -D. */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef SLICES
#define SLICES 2
#endif
#ifndef LANES
#define LANES 1        /* WORKERS: sticky; 1: dynamic */
#endif
#ifndef JOBS
#define JOBS 1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
#ifndef INOUT
#define INOUT 1        /* 0: the slices are `out` */
#endif
#ifndef QUARANTINE
#define QUARANTINE 1   /* 0: OnFailure::fail */
#endif
#ifndef POISON
#define POISON 0       /* bit c: the kernel dies of slice c every time */
#endif
#ifndef CRASHES
#define CRASHES 0      /* deaths from outside, at any step */
#endif
#ifndef FREEZES
#define FREEZES 0      /* SIGSTOPs */
#endif
#ifndef THROWS
#define THROWS 0       /* exceptions out of kernels */
#endif
#ifndef RETRY
#define RETRY 0        /* Policy::retry_exceptions */
#endif
#ifndef DEADLINES
#define DEADLINES 0    /* kernels that take too long */
#endif
#ifndef CANCELS
#define CANCELS 0      /* jobs that the master gives up before they end */
#endif
#ifndef KILLS
#define KILLS 0        /* times that the master loses its patience after an early end */
#endif
#ifndef FORKS
#define FORKS 99       /* forks that succeed after the pool was made */
#endif
#ifndef FEW
#define FEW 0          /* deaths without progress that the supervisor allows; 0: any number */
#endif
#ifndef SUPERVISOR_DIES
#define SUPERVISOR_DIES 0
#endif

#define NO_SLICE SLICES
#define FREE 0
#define CLAIMED 1
#define RUNNING 2
#define DIRTY 3
#define DONE 4
#define QUARANTINED 5

/* What a slice's memory holds. */
#define ORIGINAL 0
#define HALF 1
#define RESULT 2
#define WRONG 3

/* Processes, as the kernel sees them. */
#define VACANT 0
#define ALIVE 1
#define ZOMBIE 2

/* Why the supervisor kills. */
#define NO_REASON 0
#define DEADLINE 1
#define STOPPED 2
#define CANCELLED 3

#define VERDICT_EXCEPTION 1
#define VERDICT_SLICE 2
#define VERDICT_WORKERS 3

hidden byte exactly_one_owner, kernel_of_this_job, descriptor_whole, done_has_result, done_stays,
    quarantined_has_original, quarantined_for_cause, reissued_after_reap, attempts_bounded,
    blamed_for_own_deaths, early_end_for_cause, early_end_undone, nobody_writes, restored_from_own,
    poison_is_quarantined, job_is_kept;

/* ---- shared memory ---- */
typedef Word {
  byte state;
  byte slot;
  byte attempt;
  byte incarnation;
};
Word word[SLICES];
byte memory[SLICES];
byte next[LANES];

byte open_job, in_job, kill_active, verdict;
bit stop_claims;
byte number, base = 1;  /* the job descriptor */

byte active_in[WORKERS], undo_slice[WORKERS], spawn[WORKERS], runs[WORKERS];
byte undo[WORKERS];      /* the undo buffers' content */
byte spawns = WORKERS;
bit rung[WORKERS];       /* the bell has changed since this worker read it */
bit order;               /* the eventfd */

/* ---- the kernel's view ---- */
byte process[WORKERS];
bit killed[WORKERS];     /* takes effect before the next step */
bit signalled[WORKERS];  /* SIGKILL is on its way */
bit frozen[WORKERS];
byte forks = FORKS;
bit supervisor_dead;

/* ---- what only the properties know ---- */
byte undo_of[WORKERS];   /* whose copy an undo buffer really holds */
byte holds[WORKERS];     /* slice + 1 from claim to end; until the worker is reaped */
byte blame[SLICES];      /* deaths while it ran */
bit threw[SLICES];
bit committed[SLICES];
bit describing;          /* the descriptor is being written */
bit settled;             /* the master believes that nobody touches the job any more */
bit finished;

/* ---- budgets of the environment ---- */
byte crashes, freezes, throws, deadlines, cancels, kills;
#ifdef COUNTDOWN
byte countdown;
#endif

/* ---- the supervisor's private memory about its children ---- */
byte reason[WORKERS], measured[WORKERS];

#define over(c) (word[c].state >= DONE)
#if SLICES == 1
#define all_over (over(0))
#elif SLICES == 2
#define all_over (over(0) && over(1))
#elif SLICES == 3
#define all_over (over(0) && over(1) && over(2))
#else
#define all_over (over(0) && over(1) && over(2) && over(3))
#endif
#if WORKERS == 1
#define any(p) (p(0))
#define each(f) f(0)
#elif WORKERS == 2
#define any(p) (p(0) || p(1))
#define each(f) f(0) f(1)
#else
#define any(p) (p(0) || p(1) || p(2))
#define each(f) f(0) f(1) f(2)
#endif

#define is_alive(i) (process[i] == ALIVE)
#define is_zombie(i) (process[i] == ZOMBIE)
#define is_vacant(i) (process[i] == VACANT)
#define is_stopped(i) (process[i] == ALIVE && frozen[i] && reason[i] == NO_REASON)
#define is_in_kernel(i) \
  (process[i] == ALIVE && !frozen[i] && reason[i] == NO_REASON && holds[i] > 0 && \
   word[holds[i] - 1].state == RUNNING)
#define lost (supervisor_dead && !any(is_alive))

#define to_blame(c) (blame[c] >= ATTEMPTS)
#if SLICES == 1
#define any_to_blame to_blame(0)
#elif SLICES == 2
#define any_to_blame (to_blame(0) || to_blame(1))
#else
#define any_to_blame (to_blame(0) || to_blame(1) || to_blame(2))
#endif
#define is_writing(i) (process[i] == ALIVE && !killed[i] && holds[i] != 0)

/* The first worker of which p is true. */
#define find(p) i = 0; do :: p(i) -> break :: else -> i++ od

#define SET_RUNG(i) rung[i] = 1;
#ifdef SILENT_REPAIR
#define ring_after_repair skip
#else
#define ring_after_repair ring()
#endif
inline ring() { d_step { each(SET_RUNG) } }

#define holds_c(i) (holds[i] == c + 1)
/* A word in my own name is mine: so it is checked before each write to the slice. */
#define mine(s) \
  (word[c].state == s && word[c].slot == me && word[c].incarnation == incarnation)
#ifdef DIRTY_FOR_ALL
#define for_me true
#else
#define for_me (word[c].slot == me)
#endif
#define poison(c) ((POISON >> (c)) & 1)

/* ------------------------------------------------------------------ worker ---- */

inline restore_mine() {
  atomic { must(exactly_one_owner, mine(CLAIMED) || mine(RUNNING)); memory[c] = HALF };
  atomic {
    must(exactly_one_owner, mine(CLAIMED) || mine(RUNNING));
    must(restored_from_own, undo_of[me] == c);
    memory[c] = (undo_of[me] == c -> undo[me] : WRONG)
  }
}
inline save_undo() {
  atomic {
    must(exactly_one_owner, word[c].slot == me);
#ifdef UNDO_MARKED_FIRST
    undo_slice[me] = c;
#elif !defined(UNDO_STAYS_MARKED)
    undo_slice[me] = NO_SLICE;
#endif
    undo_of[me] = c;
    undo[me] = HALF
  };
  atomic {
    must(exactly_one_owner, word[c].slot == me);
    undo[me] = memory[c];
    undo_slice[me] = c
  }
}
inline set_running() {
  atomic {
    must(attempts_bounded, attempt < ATTEMPTS);
    must(exactly_one_owner, mine(CLAIMED));
    word[c].state = RUNNING;
    runs[me]++
  }
}

#if FREEZES > 0
proctype worker(byte me) provided (!frozen[me]) {
#else
proctype worker(byte me) {
#endif
  byte entered, copied, copied_base;  /* number of the job; the private copy of the descriptor */
  byte c, attempt, incarnation, lane, read;
  bit dirty;

end_vacant:
  do
  :: {
      process[me] == ALIVE;
    wake:  /* Worker::loop */
#ifndef BELL_READ_LATE
      rung[me] = 0;
#endif
      entered = open_job;
      if
      :: entered == 0 -> goto sleep
      :: else
      fi;
      active_in[me] = entered;  /* Worker::enter */
#ifndef NO_RECHECK
      if
      :: open_job == entered
#ifdef NO_RECHECK_WITH_COPY
      :: copied == entered
#endif
      :: else -> goto park
      fi;
#endif
      if
      :: copied != entered ->  /* Worker::prepare */
        atomic {
          must(descriptor_whole, !describing && number == entered);
          copied_base = base;
          copied = number
        }
      :: else
      fi;
      atomic {  /* Worker::work */
        if
        :: stop_claims -> goto park
        :: else
        fi;
#if INOUT && !defined(DIRTY_NOT_FIRST)
        c = undo_slice[me];
        if
        :: c < SLICES && word[c].state == DIRTY -> goto take
        :: else -> c = 0
        fi
#endif
      };
    claim:  /* Claims::next */
      atomic {
        c = 0; attempt = 0; incarnation = 0; dirty = 0;
        lane = me % LANES;
        do
        :: stop_claims -> lane = 0; goto park
        :: !stop_claims && next[lane] < SLICES * (lane + 1) / LANES ->
          c = next[lane];
          next[lane]++;
          lane = 0;
          break
        :: else ->
          lane = (lane + 1) % LANES;
          if
          :: lane == me % LANES -> lane = 0; goto park
          :: else
          fi
        od
      };

    take:  /* Worker::attempt */
      atomic {
        attempt = word[c].attempt;
        dirty = word[c].state == DIRTY;
        if
        :: word[c].incarnation == copied_base && (QUARANTINE || attempt < ATTEMPTS) &&
           (word[c].state == FREE || (dirty && for_me))
        :: else -> goto after
        fi
      };
      atomic {
        if
#ifdef CLAIM_BY_STORE
        :: true ->
#else
        :: word[c].incarnation == copied_base && word[c].attempt == attempt &&
           word[c].state == (dirty -> DIRTY : FREE) ->
#endif
          incarnation = copied_base + 1 + spawn[me];
          must(reissued_after_reap, !any(holds_c));
          word[c].state = CLAIMED;
          word[c].slot = me;
          word[c].incarnation = incarnation;
          holds[me] = c + 1
        :: else -> goto after
        fi
      };
#ifdef QUARANTINE_BEFORE_RESTORE
      if
      :: attempt >= ATTEMPTS -> goto quarantine
      :: else
      fi;
#endif
      if
      :: dirty -> restore_mine()
      :: else
      fi;
#if !INOUT && !defined(OUT_NOT_ZEROED)
      if
      :: attempt > 0 ->
        atomic { must(exactly_one_owner, mine(CLAIMED)); memory[c] = ORIGINAL }
      :: else
      fi;
#endif
#ifndef ATTEMPTS_UNBOUNDED
      if
      :: attempt >= ATTEMPTS ->
      quarantine:
        atomic {
          must(exactly_one_owner, mine(CLAIMED));
          must(quarantined_has_original, memory[c] == ORIGINAL);
          must(quarantined_for_cause, blame[c] >= ATTEMPTS || threw[c]);
          word[c].state = QUARANTINED;
          holds[me] = 0
        };
        goto after
      :: else
      fi;
#endif
#ifdef RUNNING_BEFORE_UNDO
      set_running();
#endif
#ifdef WRITES_BEFORE_UNDO
      atomic { set_running(); read = memory[c]; memory[c] = HALF };
#endif
#if INOUT
      if
      :: !dirty -> save_undo()
      :: else
      fi;
#endif
#if !defined(RUNNING_BEFORE_UNDO) && !defined(WRITES_BEFORE_UNDO)
      set_running();
#endif
      /* The kernel: it reads its input, spoils its output, and gets it right in the end. */
      atomic {
        must(exactly_one_owner, mine(RUNNING));
        must(kernel_of_this_job, copied == number);
#ifndef WRITES_BEFORE_UNDO
        read = memory[c];
#endif
        memory[c] = HALF
      };
      if
      :: poison(c) ->
        atomic { blame[c]++; killed[me] = 1 }
      :: else
      fi;
#if THROWS
      if
      :: throws < THROWS ->
        atomic { throws++; threw[c] = 1 };
        if
        :: !(RETRY && attempt + 1 < ATTEMPTS) && !QUARANTINE ->
          atomic {
            if
            :: verdict == 0 -> verdict = VERDICT_EXCEPTION
            :: else
            fi
          };
          stop_claims = 1
        :: else
        fi;
#if INOUT
        restore_mine();
#endif
        atomic {
          must(exactly_one_owner, mine(RUNNING));
          word[c].state = FREE;
          word[c].slot = 0;
          word[c].attempt = (RETRY && attempt + 1 < ATTEMPTS -> attempt + 1 : ATTEMPTS);
          word[c].incarnation = copied_base;
          holds[me] = 0;
          read = 0
        };
        goto take
      :: true
      fi;
#endif
      atomic {
        must(exactly_one_owner, mine(RUNNING));
        memory[c] = (read == ORIGINAL -> RESULT : WRONG);
        read = 0;
        must(done_has_result, memory[c] == RESULT);
        word[c].state = DONE;
        committed[c] = 1;
        holds[me] = 0
      };
#ifdef COUNTDOWN
      countdown++;
#endif

    after:
      goto claim;

    park:
      active_in[me] = 0;
    sleep:
#ifdef BELL_READ_LATE
      rung[me] = 0;
#endif
    end_bell:
      rung[me];
      goto wake
  } unless { atomic { killed[me] ->
      killed[me] = 0;
      process[me] = ZOMBIE;
      entered = 0; copied = 0; copied_base = 0; c = 0; attempt = 0; incarnation = 0; lane = 0;
      read = 0; dirty = 0
    } }
  od
}

/* -------------------------------------------------------------- supervisor ---- */

inline condemn(why) {
  atomic {
    if
    :: verdict == 0 -> verdict = why
    :: else
    fi
  };
  stop_claims = 1
}

/* OpenJob: keeps the job from being closed; `job` is 0 when none is open. */
inline begin_job() {
  job = open_job;
#ifndef NO_IN_JOB
  in_job = job;
  atomic {
    if
    :: job != 0 && open_job != job -> job = 0; in_job = 0
    :: else
    fi
  }
#endif
}
inline end_job() { atomic { in_job = 0; job = 0 } }

#define kept (number == job && !settled)

/* Each word in the dead worker's name is put right, lane after lane; then the cursors. */
inline repair(i) {
  hit = NO_SLICE;
  do
  :: c == SLICES -> break
  :: else ->
    first_free = SLICES;
    do
    :: c == SLICES * (lane + 1) / LANES -> break
    :: else ->
      atomic {
        must(job_is_kept, kept);
        if
        :: word[c].slot == i && (word[c].state == CLAIMED || word[c].state == RUNNING) ->
          if
          :: word[c].state == RUNNING ->
            hit = c;
            if
#ifndef ALL_TO_BLAME
            :: reason[i] == CANCELLED || (reason[i] == DEADLINE && runs[i] != measured[i])
#endif
            :: else -> word[c].attempt++
            fi;
            must(attempts_bounded, word[c].attempt <= ATTEMPTS);
            must(blamed_for_own_deaths, word[c].attempt <= blame[c] || threw[c])
          :: else
          fi;
#ifndef UNDO_FORGOTTEN
          if
          :: INOUT && undo_slice[i] == c -> word[c].state = DIRTY
          :: else ->
#endif
            word[c].state = FREE;
            word[c].slot = 0
#ifndef UNDO_FORGOTTEN
          fi
#endif
          ;
          word[c].incarnation = base
        :: else
        fi;
        if
        :: word[c].state == FREE && first_free == SLICES -> first_free = c
        :: else
        fi;
        c++
      }
    od;
#ifndef NO_REWIND
    if
    :: first_free < next[lane] -> atomic { must(job_is_kept, kept); next[lane] = first_free }
    :: else
    fi;
#endif
    lane++
  od;
  atomic { c = 0; lane = 0; first_free = 0 }
}

inline recover(i) {
#ifndef SPAWN_BEFORE_REPAIR
  atomic { process[i] = VACANT; holds[i] = 0; signalled[i] = 0 };  /* waitid */
#else
  atomic { holds[i] = 0; signalled[i] = 0; spawns++; spawn[i] = spawns; process[i] = ALIVE };
#endif
  begin_job();
  if
  :: job != 0 ->
    repair(i);
    if
    :: reason[i] == CANCELLED && stop_claims
    :: else ->
#if !QUARANTINE && !defined(NO_VERDICT)
      if
      :: hit < SLICES && word[hit].attempt >= ATTEMPTS -> condemn(VERDICT_SLICE)
      :: else
      fi;
#endif
#if FEW > 0
      atomic {
        c = 0; ended = 0;
        do
        :: c == SLICES -> break
        :: else -> ended = ended + over(c); c++
        od;
        c = 0;
        if
        :: ended > most_ended -> most_ended = ended; fruitless = 0
        :: else
        fi;
        ended = 0;
        fruitless++
      };
      if
      :: fruitless > (hit == NO_SLICE || FEW > ATTEMPTS * WORKERS -> FEW : ATTEMPTS * WORKERS) ->
        condemn(VERDICT_WORKERS)
      :: else
      fi;
#endif
    fi;
    hit = 0;
    end_job()
  :: else
  fi;
  atomic { active_in[i] = 0; reason[i] = NO_REASON };
  ring_after_repair
}

/* For once the supervisor restores, since nobody else will come to a slot that stays vacant. */
inline hand_over() {
  c = 0;
  do
  :: c == SLICES -> c = 0; break
  :: else ->
    if
    :: word[c].state == DIRTY && process[word[c].slot] == VACANT ->
#ifndef HANDED_OVER_DIRTY
      memory[c] = HALF;
      atomic {
        must(restored_from_own, undo_of[word[c].slot] == c);
        memory[c] = undo[word[c].slot]
      };
#endif
      atomic {
        must(job_is_kept, kept);
        must(exactly_one_owner, word[c].state == DIRTY);
        word[c].state = FREE;
        word[c].slot = 0
      };
#ifndef HANDED_OVER_UNSEEN
      if
      :: c < next[c * LANES / SLICES] -> next[c * LANES / SLICES] = c
      :: else
      fi
#endif
    :: else
    fi;
    c++
  od
}

inline replace_missing() {
  if
  :: any(is_vacant) ->
    begin_job();
    if
    :: job != 0 && !stop_claims ->
      atomic {
        c = 0;
        do
        :: c == SLICES -> c = 0; break
        :: else ->
          if
          :: word[c].state == FREE -> free++
          :: word[c].state == DIRTY -> own = own | (1 << word[c].slot)
          :: else
          fi;
          c++
        od
      };
      do
      :: i == WORKERS -> break
      :: else ->
        if
        :: process[i] == VACANT && (free > 0 || (own & (1 << i))) && forks > 0 ->
          atomic {
            forks--;
            spawns++;
            spawn[i] = spawns;
            process[i] = ALIVE;
            if
            :: (own & (1 << i)) == 0 -> free--
            :: else
            fi
          }
        :: process[i] == VACANT && (free > 0 || (own & (1 << i))) && forks == 0 ->
          if
          :: !any(is_alive) && !any(is_zombie) -> condemn(VERDICT_WORKERS)
          :: else
          fi;
#ifndef NO_HAND_OVER
          hand_over();
#endif
          ring_after_repair;
          break
        :: else
        fi;
        i++
      od;
      atomic { free = 0; own = 0; i = 0 }
    :: else
    fi;
    end_job()
  :: else
  fi
}

inline obey() {
  order_for = kill_active;
  kill_active = 0;
  i = 0;
  do
  :: order_for == 0 || i == WORKERS -> break
  :: else ->
    atomic {
      if
#ifdef KILL_ORDER_FOR_ANY_JOB
      :: active_in[i] != 0 && process[i] == ALIVE && reason[i] == NO_REASON ->
#else
      :: active_in[i] == order_for && process[i] == ALIVE && reason[i] == NO_REASON ->
#endif
        reason[i] = CANCELLED;
        signalled[i] = 1
      :: else
      fi;
      i++
    }
  od;
  atomic { order_for = 0; i = 0 }
}

proctype supervisor() {
  byte i, c, lane, first_free, hit, job, free, own, order_for;
#if FEW > 0
  byte fruitless, most_ended, ended;
#endif
  {
    skip;
  end_poll:
    do
    :: atomic { order || any(is_zombie) || any(is_stopped) -> order = 0 };
      do  /* reap() */
      :: atomic { any(is_zombie) -> find(is_zombie) };
        recover(i)
      :: atomic { !any(is_zombie) -> i = 0; break }
      od;
#if KILLS > 0
      if
      :: kill_active != 0 -> obey()
      :: else
      fi;
#endif
#if FREEZES > 0
      do  /* tick() */
      :: atomic { any(is_stopped) -> find(is_stopped); reason[i] = STOPPED };
#ifndef RECLAIM_WITHOUT_KILL
        signalled[i] = 1;
#endif
#if defined(RECLAIM_WITHOUT_KILL) || defined(RECLAIM_WITHOUT_REAP)
        begin_job();
        if
        :: job != 0 -> repair(i); end_job()
        :: else
        fi;
        active_in[i] = 0;
        ring()
#endif
      :: atomic { !any(is_stopped) -> i = 0; break }
      od;
#endif
      replace_missing()
#if DEADLINES > 0
    :: atomic {
        deadlines < DEADLINES ->
        do
        :: i < WORKERS && is_in_kernel(i) ->
          deadlines++;
          measured[i] = runs[i];
          reason[i] = DEADLINE;
          signalled[i] = 1;
          blame[holds[i] - 1]++;
          break
        :: i < WORKERS -> i++
        :: else -> break
        od;
        i = 0
      }
#endif
    od
  } unless { supervisor_dead }
}

/* ------------------------------------------------------------------ master ---- */

inline wait_until_parked() {
  m = 0;
  do
  :: m < WORKERS && (active_in[m] == 0 || lost) -> m++
  :: m == WORKERS && (in_job == 0 || lost) -> m = 0; break
#if KILLS > 0
  :: m < WORKERS && active_in[m] != 0 && !all_over && kills < KILLS ->
    kills++;
    kill_active = number;
    order = 1
#endif
  od
}

inline post() {
  atomic { describing = 1; settled = 0; number++ };
  atomic {
#ifndef SAME_INCARNATION
    base = (number == 1 -> 1 : base + spawns + 2);
#endif
    describing = 0
  };
  atomic {
    m = 0;
    do
    :: m == SLICES -> break
    :: else ->
      word[m].state = FREE;
      word[m].slot = 0;
      word[m].attempt = 0;
      word[m].incarnation = base;
      memory[m] = ORIGINAL;
      blame[m] = 0;
      threw[m] = 0;
      committed[m] = 0;
      m++
    od;
    m = 0;
    do
    :: m == WORKERS -> break
    :: else -> undo_slice[m] = NO_SLICE; m++
    od;
    m = 0;
    do
    :: m == LANES -> break
    :: else -> next[m] = m * SLICES / LANES; m++
    od;
    m = 0;
    verdict = 0;
    stop_claims = 0
  };
  open_job = number;
  ring();
  if
  :: any(is_vacant) -> order = 1
  :: else
  fi
}

/* The rest is put back; then the job is judged. */
inline give_up_and_judge() {
  atomic { m = 0; settled = 1 };
  do
  :: m == SLICES -> m = 0; break
  :: else ->
    atomic {
      must(nobody_writes, !any(is_writing));
      if
      :: INOUT && !over(m) && word[m].state != FREE && undo_slice[word[m].slot] == m ->
#ifndef NOT_GIVEN_UP
        memory[m] = (undo_of[word[m].slot] == m -> undo[word[m].slot] : WRONG)
#endif
      :: else
      fi;
      must(done_stays, !committed[m] || word[m].state == DONE);
      must(done_has_result, word[m].state != DONE || memory[m] == RESULT);
      must(quarantined_has_original, word[m].state != QUARANTINED || memory[m] == ORIGINAL);
      must(quarantined_for_cause,
           word[m].state != QUARANTINED || blame[m] >= ATTEMPTS || threw[m]);
      must(poison_is_quarantined,
           !poison(m) || word[m].state != DONE);
      must(early_end_undone, !INOUT || over(m) || memory[m] == ORIGINAL);
      must(early_end_for_cause, over(m) || verdict != 0 || gave_up || supervisor_dead);
      must(early_end_for_cause, verdict != VERDICT_SLICE || over(m) || any_to_blame);
      m++
    }
  od
}
proctype master() {
  byte m;
  bit gave_up;
  do
  :: number == JOBS -> break
  :: else ->
    post();
    if  /* JobRun::wait */
#ifdef COUNTDOWN
    :: countdown == SLICES || verdict != 0 || lost
#else
    :: all_over || verdict != 0 || lost
#endif
#if CANCELS > 0
    :: cancels < CANCELS -> atomic { cancels++; gave_up = 1 }
#endif
    fi;
    stop_claims = 1;  /* JobRun::settle */
#ifndef NOT_PARKED
    wait_until_parked();
#endif
    open_job = 0;
#ifndef PARKED_ONCE
    wait_until_parked();
#endif
    give_up_and_judge();
    if
    :: lost -> break
    :: else
    fi;
    gave_up = 0
  od;
  finished = 1
}

/* -------------------------------------------------------------- environment ---- */

#define FATE(i) \
  :: atomic { crashes < CRASHES && is_alive(i) && !killed[i] -> crashes++; die(i) } \
  :: atomic { freezes < FREEZES && is_alive(i) && !frozen[i] && !killed[i] -> freezes++; frozen[i] = 1 } \
  :: atomic { frozen[i] -> frozen[i] = 0 } \
  :: atomic { signalled[i] && is_alive(i) && !killed[i] -> \
       signalled[i] = 0; \
       if \
       :: reason[i] == STOPPED -> die(i) \
       :: else -> killed[i] = 1; frozen[i] = 0 \
       fi } \
  :: atomic { supervisor_dead && is_alive(i) && !killed[i] -> killed[i] = 1; frozen[i] = 0 }

/* A slice is to blame when its kernel ran. */
inline die(i) {
  killed[i] = 1;
  frozen[i] = 0;
  if
  :: holds[i] != 0 && word[holds[i] - 1].state == RUNNING -> blame[holds[i] - 1]++
  :: else
  fi
}

proctype environment() {
end:
  do
  each(FATE)
#if SUPERVISOR_DIES
  :: !supervisor_dead -> supervisor_dead = 1
#endif
  od
}

#define START(i) process[i] = ALIVE; spawn[i] = i + 1; run worker(i);
init { atomic { each(START) run supervisor(); run master(); run environment() } }

/* ---------------------------------------------------------------- liveness ---- */

ltl over { <> finished }
ltl reaped { [] (is_zombie(0) -> <> (is_vacant(0) || supervisor_dead)) }
ltl thawed { [] (frozen[0] -> <> !frozen[0]) }
ltl quarantined { <> (word[0].state == QUARANTINED) }
