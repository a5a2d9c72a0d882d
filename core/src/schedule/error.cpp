#include <tine/error.hpp>

#include <utility>

namespace tine {

OutOfMemory::OutOfMemory(const std::string& what, std::size_t requested, std::size_t available,
                         std::string limit)
    : Error(what), requested_(requested), available_(available), limit_(std::move(limit)) {}

JobError::JobError(const std::string& what, Report report)
    : Error(what), report_(std::make_shared<const Report>(std::move(report))) {}

KernelError::KernelError(const std::string& what, Report report, Fault fault)
    : JobError(what, std::move(report)), fault_(std::make_shared<const Fault>(std::move(fault))) {}

WorkerDied::WorkerDied(const std::string& what, Fault fault)
    : Error(what), fault_(std::make_shared<const Fault>(std::move(fault))) {}

TaskTrace::TaskTrace(Fault fault, int pid)
    : fault_(std::make_shared<const Fault>(std::move(fault))), pid_(pid) {}

SliceFailed::SliceFailed(const std::string& what, Report report, std::size_t slice)
    : JobError(what, std::move(report)), slice_(slice) {}

}  // namespace tine
