// Values by which rows of two tables are found to go together.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tine/mining/query.hpp>

#include "../batch.hpp"

namespace tine::mining {

/// A column of each table, and the type in which their values are compared.
struct KeyColumns {
  std::size_t left = 0, right = 0;  // in the schemas
  Type type{};
};

/// Of "id" or "customer = id", perhaps some, with commas between them. A column of the right table in which
/// nothing is there goes with any type. Throws QueryError.
std::vector<KeyColumns> key_columns(const std::string& on, const Schema& left, const Table& right);

/// Values of a key as words that are equal where the values are; those of texts are hashes, and say only
/// where they are not. What is equal to nothing is marked.
void key_words(const Vector& values, std::size_t rows, Type type, std::uint64_t* words,
               std::size_t stride, std::uint8_t* never);
/// Of all keys of a row.
std::uint64_t hash_of(const std::uint64_t* words, std::size_t count);

}  // namespace tine::mining
