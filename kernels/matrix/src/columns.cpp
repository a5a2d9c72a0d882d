#include "columns.hpp"

#include "isa_variants.hpp"

namespace tine::matrix {

TINE_IN_EACH_ISA(template <class T>
                 void add_columns(const T*, std::size_t, std::size_t, std::size_t, const T*, T, T*);
                 template <class T>
                 void column_dots(const T*, std::size_t, std::size_t, std::size_t, const T*, T*);
                 template <class T> void symmetric_rows(const T*, std::size_t, std::size_t,
                                                        std::size_t, const T*, T*);)

namespace {

template <class T>
auto add(Isa isa) -> decltype(Columns<T>::add) {
  TINE_RETURN_FOR_ISA(isa, add_columns<T>);
}
template <class T>
auto dots(Isa isa) -> decltype(Columns<T>::dots) {
  TINE_RETURN_FOR_ISA(isa, column_dots<T>);
}
template <class T>
auto symmetric(Isa isa) -> decltype(Columns<T>::symmetric) {
  TINE_RETURN_FOR_ISA(isa, symmetric_rows<T>);
}

}  // namespace

template <class T>
Columns<T> columns_for(Isa isa) {
  return {add<T>(isa), dots<T>(isa), symmetric<T>(isa)};
}
template Columns<float> columns_for(Isa);
template Columns<double> columns_for(Isa);

}  // namespace tine::matrix
