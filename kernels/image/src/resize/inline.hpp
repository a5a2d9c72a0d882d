// The inner loops of resizing are inlined into one function, of which there are clones for several
// sets of instructions; they then may use those.
#pragma once

#define TINE_INLINE [[gnu::always_inline]] inline
