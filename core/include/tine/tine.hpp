/// @file
/// All of tine's core.
#pragma once

#include <tine/access.hpp>
#include <tine/allocator.hpp>
#include <tine/array.hpp>
#include <tine/barrier.hpp>
#include <tine/condition.hpp>
#include <tine/error.hpp>
#include <tine/event.hpp>
#include <tine/for_each.hpp>
#include <tine/for_each_slice.hpp>
#include <tine/job_sequence.hpp>
#include <tine/lock.hpp>
#include <tine/partition.hpp>
#include <tine/policy.hpp>
#include <tine/pool.hpp>
#include <tine/process.hpp>
#include <tine/reduce.hpp>
#include <tine/report.hpp>
#include <tine/scan.hpp>
#include <tine/semaphore.hpp>
#include <tine/sort.hpp>
#include <tine/spmd.hpp>
#include <tine/stop_signals.hpp>
#include <tine/transform.hpp>
#include <tine/value.hpp>
