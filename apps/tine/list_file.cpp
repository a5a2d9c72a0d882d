#include "list_file.hpp"

#include <cmath>

#include <fmt/format.h>

#include "encode.hpp"
#include "output_bytes.hpp"

namespace tine::app {

namespace {

// As short as reads back as the same number. What comes from floats has their digits.
std::string text_of(double value) {
  if (value == std::trunc(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
  const auto narrow = static_cast<float>(value);
  return narrow == value ? fmt::format("{}", narrow) : fmt::format("{}", value);
}

std::string csv(const image::Table& table) {
  std::string text = fmt::format("{}\n", fmt::join(table.names, ","));
  for (int y = 0; y < table.values.rows; ++y) {
    for (int x = 0; x < table.values.cols; ++x)
      text += (x == 0 ? "" : ",") + text_of(table.values(y, x));
    text += '\n';
  }
  return text;
}

// A list of objects, as most programs take it.
std::string json(const image::Table& table) {
  std::string text = "[";
  for (int y = 0; y < table.values.rows; ++y) {
    text += y == 0 ? "\n  {" : ",\n  {";
    for (std::size_t i = 0; i < table.names.size(); ++i) {
      const double value = table.values(y, static_cast<int>(i));
      text += fmt::format("{}\"{}\": {}", i == 0 ? "" : ", ", table.names[i],
                          std::isfinite(value) ? text_of(value) : "null");
    }
    text += "}";
  }
  return text + "\n]\n";
}

}  // namespace

bool is_list_file(const std::string& path) {
  // An extension alone is the name of a hidden file to std::filesystem.
  const std::string extension = lower_extension("list" + path);
  return extension == ".csv" || extension == ".json";
}

cv::Mat serially(const image::Chain& chain, const cv::Mat& image, bool listed) {
  if (!listed) return chain.reference(image);
  const std::size_t last = chain.steps().size() - 1;
  return chain.part(last).list(chain.part(0, last).reference(image)).values;
}

bool same(const cv::Mat& made, const cv::Mat& expected) {
  return made.size() == expected.size() &&
         (made.empty() || cv::norm(made, expected, cv::NORM_INF) == 0);
}

void write_list(const image::Table& table, const std::string& extension, int descriptor) {
  const std::string text = lower_extension("list" + extension) == ".csv" ? csv(table) : json(table);
  write_bytes(descriptor, text.data(), text.size());
  sync_output(descriptor);
}

}  // namespace tine::app
