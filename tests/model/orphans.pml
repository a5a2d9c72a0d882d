/* Who dies with whom: master, supervisor and workers, with fork, prctl and getppid as steps, and
 * SIGKILL of master or supervisor between any two of them. Workers are busy in an endless kernel, so
 * none leaves by itself. README.md says which line of the code each step stands for. */
#define WORKERS 2
#ifndef RESPAWNS
#define RESPAWNS 1
#endif

#define NOT_BORN 0
#define ALIVE 1
#define DEAD 2

byte master = ALIVE, supervisor = NOT_BORN, worker[WORKERS];
bit follows[WORKERS];      /* PR_SET_PDEATHSIG is set, and its parent still lives */
bit sigkill[WORKERS];      /* on its way */
byte respawns;

#define any_worker (worker[0] == ALIVE || worker[1] == ALIVE)

/* What the kernel does when the supervisor ends. */
#define FOLLOW(i) if :: worker[i] == ALIVE && follows[i] -> sigkill[i] = 1 :: else fi;
inline supervisor_ends() {
  FOLLOW(0)
  FOLLOW(1)
  supervisor = DEAD
}

proctype a_worker(byte me) {
  {
    skip;  /* setsid() */
#ifdef GETPPID_BEFORE_PRCTL
    if
    :: supervisor == DEAD -> goto leave
    :: else
    fi;
#endif
#ifndef NO_PRCTL
    /* A parent that is gone already sends nothing. */
    atomic {
      if
      :: supervisor == ALIVE -> follows[me] = 1
      :: else
      fi
    };
#endif
#if !defined(NO_GETPPID) && !defined(GETPPID_BEFORE_PRCTL)
    if
    :: supervisor == DEAD -> goto leave
    :: else
    fi;
#endif
  end_kernel:
    false;
  leave:
    skip
  } unless { sigkill[me] };
  atomic { worker[me] = DEAD; follows[me] = 0; sigkill[me] = 0 }
}

#define SPAWN(i) atomic { worker[i] = ALIVE; run a_worker(i) };
#define KILL(i) if :: worker[i] == ALIVE -> sigkill[i] = 1 :: else fi;

proctype a_supervisor() {
  {
    skip;
#ifndef NO_GETPPID_IN_SUPERVISOR
    if
    :: master == DEAD -> goto leave
    :: else
    fi;
#endif
    SPAWN(0)
    SPAWN(1)
  end_poll:
    do
    :: worker[0] == DEAD && respawns < RESPAWNS -> respawns++; SPAWN(0)
#ifndef NO_PIDFD
    :: master == DEAD -> break  /* the pidfd was made before the fork, so it misses nothing */
#endif
    od;
#ifndef LEFT_ALONE
    KILL(0)
    KILL(1)
    !any_worker;  /* waitid until nobody is left */
#endif
  leave:
    atomic { supervisor_ends() }
  } unless { supervisor == DEAD }
}

/* A worker ends before its time, which gives the supervisor reason to fork again. */
proctype environment() {
end:
  do
  :: atomic { supervisor == ALIVE -> supervisor_ends() }
  :: atomic { worker[0] == ALIVE && respawns < RESPAWNS && !sigkill[0] -> sigkill[0] = 1 }
  :: master == ALIVE -> master = DEAD
  :: true -> break  /* fairness must not force it to kill */
  od
}

init {
  run environment();
  atomic {  /* fork() */
    if
    :: master == ALIVE -> supervisor = ALIVE; run a_supervisor()
    :: else
    fi
  }
}

ltl nobody_left { [] (master == DEAD -> <> [] (supervisor != ALIVE && !any_worker)) }
ltl workers_follow { [] (supervisor == DEAD -> <> [] !any_worker) }
