// tine matrix convert: other formats, types and orders.
#include "matrix_command.hpp"

namespace tine::app {

void add_matrix_convert(MatrixCommand& matrix) {
  matrix.add("convert", "Writes a matrix in another format, or with elements of another type")
      .input("A", "A matrix; - is standard input")
      .output()
      .examples(
          "  tine matrix convert table.csv -o table.npy --type f4\n"
          "  tine matrix convert graph.mtx -o graph.h5:/adjacency\n"
          "  tine matrix convert huge.h5:/x -o huge.npy --memory 1G\n"
          "  generate | tine matrix convert - --to npy > a.npy\n")
      .runs([](MatrixRun& run) {
        const matrix::FileReader& file = run.input(0);
        const matrix::FileInfo& info = file.info();
        // In the file's order, in that of the output, and for text as characters.
        const double row =
            3 * static_cast<double>(info.columns) * static_cast<double>(matrix::size_of(info.type));
        std::size_t some = info.rows;
        if (info.by_rows && run.result_by_rows())
          some = run.rows_at_a_time(info.rows, row);
        else
          run.check_memory(row * static_cast<double>(info.rows),
                           "it can be done in blocks of rows from files that have them, and to "
                           ".npy, CSV and HDF5");
        matrix::FileWriter& result =
            run.begin_result(info.type, info.rows, info.columns, {.names = info.names});
        const std::size_t at_once = std::max<std::size_t>(some, 1);
        run.by_rows(info.rows, at_once,
                    [&](Range rows) { result.append(run.on(), file.read(run.on(), rows)); });
        run.finish_result();
      });
}

}  // namespace tine::app
