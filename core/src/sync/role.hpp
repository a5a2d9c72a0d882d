// What this process is to tine. Set once, right after a fork.
#pragma once

namespace tine::detail {

enum class Role : unsigned char { master, supervisor, worker };

inline Role process_role = Role::master;

}  // namespace tine::detail
