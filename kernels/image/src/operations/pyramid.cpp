// pyrdown, pyrup: the levels of an image pyramid.
//
// Each row comes from the rows around it, with the same weights in every row; so a band is made by
// OpenCV as an image of its own, with a row more on either side. What becomes of that is left out.
#include <algorithm>

#include <tine/error.hpp>

#include "operations/all.hpp"
#include "operations/pyrdown_of_bytes.hpp"
#include "operations/pyrup_of_bytes.hpp"
#include "text.hpp"

namespace tine::image {

namespace {

constexpr Choice pyramid_borders[] = {{"reflect101", cv::BORDER_REFLECT_101},
                                      {"reflect", cv::BORDER_REFLECT},
                                      {"replicate", cv::BORDER_REPLICATE}};
constexpr Parameter pyrdown_parameters[] = {
    {"border", "what is beyond the edges", "", 0, 4, cv::BORDER_REFLECT_101,
     Parameter::Kind::choice, pyramid_borders},
};

Range clipped(std::size_t begin, std::size_t before, std::size_t end, int rows) {
  return {begin - std::min(begin, before), std::min(end, static_cast<std::size_t>(rows))};
}

// The rows of `out` from those of a larger image, whose first one is row `first` of the output.
template <class Make>
void keep_rows(cv::Mat& out, int first, const Place& place, Make make) {
  thread_local cv::Mat larger;  // fresh memory costs a page fault every 4 KiB
  make(larger);
  const int begin = place.output_row - first;
  larger.rowRange(begin, begin + out.rows).copyTo(out);
}

}  // namespace

constinit const Operation pyrdown_operation{
    .name = "pyrdown",
    .help = "half the size, after a blur: the next level of a pyramid",
    .parameters = pyrdown_parameters,
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size =
        [](const Values&, cv::Size size) {
          return cv::Size{(size.width + 1) / 2, (size.height + 1) / 2};
        },
    .source_rows =
        [](const Values&, const Place& whole, Range want) {
          return clipped(2 * want.begin, 2, 2 * want.end + 1, whole.input.rows);
        },
    .run_at =
        [](const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
          if (in.depth() == CV_8U)
            pyrdown_of_bytes(in, out, place, int(v[0]));
          else
            keep_rows(out, place.input_row / 2, place,
                      [&](cv::Mat& result) { cv::pyrDown(in, result, {}, int(v[0])); });
        },
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values& v) { cv::pyrDown(in, out, out.size(), int(v[0])); },
};

constinit const Operation pyrup_operation{
    .name = "pyrup",
    .help = "twice the size, then a blur: the level of a pyramid before this one",
    .scope = Operation::Scope::mapped,
    .accepts = always<all_depths, any_channels>,
    .output_size =
        [](const Values&, cv::Size size) {
          if (std::max(size.width, size.height) > largest_side / 2)
            throw InvalidArgument("pyrup would make " + number_text(2. * size.width) + " x " +
                                  number_text(2. * size.height) + " pixels; a side has at most " +
                                  number_text(largest_side));
          return cv::Size{2 * size.width, 2 * size.height};
        },
    .source_rows =
        [](const Values&, const Place& whole, Range want) {
          return clipped(want.begin / 2, 1, (want.end - 1) / 2 + 2, whole.input.rows);
        },
    .run_at =
        [](const cv::Mat& in, cv::Mat& out, const Place& place, const Values& v) {
          if (in.depth() == CV_8U) return pyrup_of_bytes(in, out, place, v.streams);
          keep_rows(out, 2 * place.input_row, place,
                    [&](cv::Mat& result) { cv::pyrUp(in, result); });
        },
    .reference = [](const cv::Mat& in, cv::Mat& out,
                    const Values&) { cv::pyrUp(in, out, out.size()); },
};

}  // namespace tine::image
