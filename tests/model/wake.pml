/* Bell and `finished`: who sleeps is woken, and if the wake-up is lost he looks again in time.
 * README.md says which line of the code each step stands for.
 *
 * Each round the master rings for one slice and waits for its end; one worker of two takes it. The
 * words are counters in the code; here a bit for each sleeper says that the word has changed since
 * he read it. With BOUNDED, wake-ups may be lost at every point; without it none is lost on its way
 * and none may be needed twice. */
#include "rules.h"

#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef BOUNDED
#define BOUNDED 1
#endif
#ifndef LOSSES
#define LOSSES BOUNDED  /* wake-ups may be lost */
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#define WORKERS 2
#define MASTER 2

#define FREE 0         /* the slice: else whose it is, plus one */
#define DONE 9

bit changed[3];     /* the word has changed since this process read it */
bit asleep[3];      /* Slot::asleep, master_asleep */
bit queued[3];      /* in the futex's queue */
byte slice = DONE, round;
bit killed[WORKERS], dead[WORKERS];
byte crashes;
bit over;

/* futex_wait: the kernel compares and queues in one step. */
inline sleep_unless_changed(me) {
  atomic {
    if
    :: changed[me]
    :: else -> queued[me] = 1
    fi
  };
#if BOUNDED
  queued[me] = 0  /* woken, or the time is over */
#else
  !queued[me] || over
#endif
}

/* futex_wake(bell, n): wakes whom it finds; with BOUNDED perhaps nobody. */
inline wake_worker(n) {
  atomic {
    if
    :: queued[0] -> queued[0] = 0;
      if
      :: n > 1 -> queued[1] = 0
      :: else
      fi
    :: queued[1] -> queued[1] = 0;
      if
      :: n > 1 -> queued[0] = 0
      :: else
      fi
    :: !queued[0] && !queued[1]
#if LOSSES
    :: true
#endif
    fi
  }
}
inline ring(n) {  /* Control::ring */
#ifdef RINGS_AFTER_LOOKING
  if
  :: asleep[0] || asleep[1] -> atomic { changed[0] = 1; changed[1] = 1 }; wake_worker(n)
  :: else -> atomic { changed[0] = 1; changed[1] = 1 }
  fi
#else
  atomic { changed[0] = 1; changed[1] = 1 };
  if
  :: asleep[0] || asleep[1] -> wake_worker(n)
  :: else
  fi
#endif
}
inline report_finished() {  /* Control::report_finished */
  changed[MASTER] = 1;
  if
  :: asleep[MASTER] ->
    if
    :: queued[MASTER] = 0
#if LOSSES
    :: true
#endif
    fi
  :: else
  fi
}

proctype worker(byte me) {
end_dead:
  do
  :: { !dead[me];
    look:
#ifndef BELL_READ_LATE
      changed[me] = 0;
#endif
      if
      :: atomic { slice == FREE -> slice = me + 1 };
        slice = DONE;
        report_finished()
      :: else
      fi;
#ifdef BELL_READ_LATE
      changed[me] = 0;
#endif
      do  /* Worker::wait_for_bell */
      :: over -> goto through
      :: !over && changed[me] -> break
      :: else ->
#ifdef ASLEEP_LATE
        if
        :: !changed[me] -> queued[me] = 1; asleep[me] = 1
        :: else
        fi;
        !queued[me] || over;
#else
        asleep[me] = 1;
        sleep_unless_changed(me);
#endif
        asleep[me] = 0
      od;
      goto look
    } unless { atomic { killed[me] -> killed[me] = 0; queued[me] = 0; dead[me] = 1 } }
  od;
through:
  skip
}

/* Reaps, gives the slice back, tells everybody, forks another. */
proctype supervisor() {
  byte i;
end_poll:
  do
  :: atomic { dead[0] || dead[1] -> i = (dead[0] -> 0 : 1) };
    asleep[i] = 0;
    if
    :: slice == i + 1 -> slice = FREE
    :: else
    fi;
#ifndef SILENT_REPAIR
    ring(2);
    report_finished();
#endif
#ifdef REPLACED
    dead[i] = 0;
#else
    break
#endif
  od
}

proctype master() {
  do
  :: round == ROUNDS -> break
  :: else ->
    round++;
    slice = FREE;
    ring(1);
    do  /* JobRun::wait and nap */
    :: true ->
      changed[MASTER] = 0;
      if
      :: slice == DONE -> break
      :: else
      fi;
#ifdef MASTER_ASLEEP_LATE
      if
      :: !changed[MASTER] -> queued[MASTER] = 1; asleep[MASTER] = 1
      :: else
      fi;
      !queued[MASTER];
#else
      asleep[MASTER] = 1;
      sleep_unless_changed(MASTER);
#endif
      asleep[MASTER] = 0
    od
  od;
  over = 1
}

#define FATE(i) \
  :: atomic { crashes < CRASHES && !dead[i] && !killed[i] -> crashes++; killed[i] = 1 }
proctype environment() {
end:
  do
  FATE(0)
  FATE(1)
  :: true -> break  /* fairness must not force it to kill */
  od
}

init {
  atomic {
    run worker(0); run worker(1); run supervisor(); run master(); run environment()
  }
}

ltl awake { <> (over) }
