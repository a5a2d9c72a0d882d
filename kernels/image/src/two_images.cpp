// remap, match_template.
#include <tine/image/two_images.hpp>

#include <algorithm>

#include <tine/error.hpp>
#include <tine/for_each_slice.hpp>

#include "arena_mats.hpp"
#include "chain_report.hpp"
#include "operations/warp.hpp"

namespace tine::image {

namespace {

Shape shape_of(const cv::Mat& image) {
  return {image.rows, image.cols, image.type()};
}

// Rows of the output for each slice: enough that cv::matchTemplate() does not spend most of its time
// on the rows that neighbours look at, too.
std::size_t rows_for_template(const cv::Mat& pattern) {
  return std::max<std::size_t>(64, 4 * static_cast<std::size_t>(pattern.rows));
}

}  // namespace

Report remap(const PoolWith& on, const cv::Mat& in, cv::Mat& out, const cv::Mat& xs,
             const cv::Mat& ys, int interpolation, int border) {
  const bool floats = xs.type() == CV_32FC1 && ys.type() == CV_32FC1 && xs.size() == ys.size();
  const bool fixed =
      xs.type() == CV_16SC2 && (ys.empty() || (ys.type() == CV_16UC1 && xs.size() == ys.size()));
  if (!floats && !fixed && !(xs.type() == CV_32FC2 && ys.empty()))
    throw InvalidArgument(
        "tine::image::remap: the maps are two of CV_32FC1 and of one size, or what "
        "cv::convertMaps() makes of them");
  if (in.empty()) throw InvalidArgument("tine::image::remap: the input has no pixels");
  warpable(in.size(), "tine::image::remap");
  if (xs.empty()) {
    out.create(xs.size(), in.type());
    return {};
  }
  const cv::Mat input = in;  // keeps its memory, should `out` be the same Mat
  const SharedInput from(on.pool, input), x(on.pool, xs), y(on.pool, ys);
  SharedOutput to(on.pool, out, {xs.rows, xs.cols, in.type()}, input);
  const Partition rows = {.n = static_cast<std::size_t>(xs.rows),
                          .grain = std::max<std::size_t>(
                              8, (std::size_t{1} << 16) / static_cast<std::size_t>(xs.cols))};
  ChainReport report(on, rows.size());
  struct Job {
    Shape image, first_map, second_map;
    int interpolation, border;
  };
  const auto shared = share(
      on.pool, Job{shape_of(from.image()), shape_of(xs), shape_of(ys), interpolation, border});
  report.run([&](const PoolWith& one) {
    return for_each_slice(
        one, rows,
        [](const Slice&, std::span<const Job> job, const ConstBytes& source,
           const ConstBytes& x_rows, const ConstBytes& y_rows, const Bytes& made) {
          const Job& j = job[0];
          cv::Mat result = mat_of(made, {0, j.first_map.columns, j.image.type});
          cv::remap(mat_of(source, j.image), result, mat_of(x_rows, j.first_map),
                    j.second_map.rows == 0 ? cv::Mat() : mat_of(y_rows, j.second_map),
                    j.interpolation, j.border);
        },
        whole(shared), whole(bytes_of(from.image())), tine::in(bytes_of(x.image())),
        tine::in(bytes_of(ys.empty() ? x.image() : y.image())), tine::out(bytes_of(to.image())));
  });
  to.finish();
  return report.finish();
}

Report match_template(const PoolWith& on, const cv::Mat& in, const cv::Mat& pattern, cv::Mat& out,
                      int method) {
  if (in.type() != pattern.type() || (in.depth() != CV_8U && in.depth() != CV_32F))
    throw InvalidArgument(
        "tine::image::match_template: image and template are both 8-bit or both float, with as "
        "many "
        "channels");
  if (pattern.empty() || pattern.rows > in.rows || pattern.cols > in.cols)
    throw InvalidArgument(
        "tine::image::match_template: the template has no pixels, or more rows or "
        "columns than the image");
  const cv::Mat input = in;
  const SharedInput from(on.pool, input), part(on.pool, pattern);
  SharedOutput to(on.pool, out, {in.rows - pattern.rows + 1, in.cols - pattern.cols + 1, CV_32FC1},
                  input);
  const Partition rows = {.n = static_cast<std::size_t>(to.image().rows),
                          .grain = rows_for_template(pattern)};
  ChainReport report(on, rows.size());
  struct Job {
    Shape image, pattern, output;
    int method;
  };
  const auto shared =
      share(on.pool, Job{shape_of(input), shape_of(pattern), shape_of(to.image()), method});
  report.run([&](const PoolWith& one) {
    return for_each_slice(
        one, rows,
        [](const Slice& s, std::span<const Job> job, const ConstBytes& source,
           const ConstBytes& wanted, const Bytes& made) {
          const Job& j = job[0];
          const auto more = static_cast<std::size_t>(j.pattern.rows) - 1;
          cv::Mat result = mat_of(made, j.output);
          cv::matchTemplate(isolated(mat_of(source, j.image), {s.begin, s.end + more}),
                            mat_of(wanted, j.pattern), result, j.method);
        },
        whole(shared), whole(bytes_of(from.image())), whole(bytes_of(part.image())),
        tine::out(bytes_of(to.image())));
  });
  to.finish();
  return report.finish();
}

}  // namespace tine::image
