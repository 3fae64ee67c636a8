// Attention without the matrix of all scores: queries meet a block of keys at a time, and what was
// summed up so far is scaled when a larger score turns up (Rabe and Staats, "Self-attention does not need
// O(n^2) memory", 2021; Dao et al., "FlashAttention", 2022). Backward computes the weights anew
// from the logarithm of the sum of exponentials of each query's scores.
#include "attention.h"

#include <algorithm>
#include <limits>

#include "dispatch.h"
#include "families.h"
#include "gemm.h"
#include "held.h"
#include "parallel.h"
#include "scratch.h"
#include "unlocked.h"

namespace tidu {
namespace {

// A block of scores stays in the second cache. Of causal attention, half of a block on the diagonal
// is in vain, so blocks are smaller.
constexpr int64_t most_queries = 128, causal_queries = 64, keys_at_once = 128;
constexpr double thread_work = 1 << 18;  // multiplications that are worth a second thread
constexpr int max_lead = 6;

template <class T>
const AttentionLoops<T>& loops_of();
template <>
const AttentionLoops<float>& loops_of() { return attention_loops.float32; }
template <>
const AttentionLoops<double>& loops_of() { return attention_loops.float64; }

// The matrices of an array: one for each head.
struct Heads {
  PyArrayObject* array = nullptr;
  int64_t rows = 0, columns = 0, row = 0, column = 0;  // sizes and strides, in elements
  int64_t lead[max_lead] = {};                         // strides of the dimensions before
  int64_t in_group = 0;  // from one head to the next that shares keys with it
};

// What the operation computes.
struct Attention {
  Heads query, key, value, mask;
  int ndim = 0;                // of the dimensions before the last two
  int64_t shape[max_lead];     // their sizes, for keys
  int64_t group = 1;           // heads of the query that share one of the keys
  bool is_causal = false;
  double scale = 1;

  int64_t queries_at_once() const { return is_causal ? causal_queries : most_queries; }
  int64_t count() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; d++) n *= shape[d];
    return n;
  }
  // Where the matrix of head `i` of the keys starts.
  int64_t offset(const Heads& heads, int64_t i) const {
    int64_t at = 0;
    for (int d = ndim - 1; d >= 0; d--) at += i % shape[d] * heads.lead[d], i /= shape[d];
    return at;
  }
};

bool read(PyArrayObject* a, Heads& heads) {
  const int ndim = PyArray_NDIM(a);
  const npy_intp size = PyArray_ITEMSIZE(a);
  if (ndim < 2 || ndim > max_lead + 2) return false;
  for (int d = 0; d < ndim; d++)
    if (PyArray_STRIDE(a, d) % size) return false;
  heads.array = a;
  heads.rows = PyArray_DIM(a, ndim - 2), heads.row = PyArray_STRIDE(a, ndim - 2) / size;
  heads.columns = PyArray_DIM(a, ndim - 1), heads.column = PyArray_STRIDE(a, ndim - 1) / size;
  for (int d = 0; d < ndim - 2; d++) heads.lead[d] = PyArray_STRIDE(a, d) / size;
  return true;
}

// The same for what has the query's heads: they count by those of the keys.
void regroup(const Attention& all, Heads& heads) {
  if (!all.ndim) return;
  int64_t& last = heads.lead[all.ndim - 1];
  heads.in_group = last;
  last *= all.group;
}

bool read_mask(PyArrayObject* a, Attention& all, const PyArrayObject* query) {
  const int ndim = all.ndim + 2, missing = ndim - PyArray_NDIM(a);
  if (missing < 0 || PyArray_NDIM(a) < 2 || !read(a, all.mask)) return false;
  int64_t strides[max_lead + 2] = {};
  for (int d = missing; d < ndim; d++) {
    const int64_t n = PyArray_DIM(a, d - missing);
    const int64_t wanted = d < ndim - 1 ? PyArray_DIM(const_cast<PyArrayObject*>(query), d) : all.key.rows;
    if (n != wanted && n != 1) return false;
    strides[d] = n == 1 ? 0 : PyArray_STRIDE(a, d - missing) / PyArray_ITEMSIZE(a);
  }
  for (int d = 0; d < all.ndim; d++) all.mask.lead[d] = strides[d];
  all.mask.row = strides[ndim - 2], all.mask.column = strides[ndim - 1];
  regroup(all, all.mask);
  return true;
}

// query, key, value, mask, is_causal, scale, from argument `i` on.
bool read(const Args& args, int i, Attention& all) {
  PyArrayObject *query = args.array(i), *key = args.array(i + 1), *value = args.array(i + 2);
  if (!query || !key || !value || !args.flag(i + 4, all.is_causal) || !args.number(i + 5, all.scale)) return false;
  const int type = PyArray_TYPE(query), ndim = PyArray_NDIM(query);
  if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(key) != type || PyArray_TYPE(value) != type)
    return false;
  if (PyArray_NDIM(key) != ndim || PyArray_NDIM(value) != ndim) return false;
  if (!read(query, all.query) || !read(key, all.key) || !read(value, all.value)) return false;
  all.ndim = ndim - 2;
  for (int d = 0; d < all.ndim; d++) {
    const int64_t n = PyArray_DIM(query, d);
    all.shape[d] = PyArray_DIM(key, d);
    if (PyArray_DIM(value, d) != all.shape[d]) return false;
    if (d < all.ndim - 1 && n != all.shape[d]) return false;
    if (d == all.ndim - 1) {
      if (!all.shape[d] || n % all.shape[d]) return false;
      all.group = n / all.shape[d];
    }
  }
  if (all.key.columns != all.query.columns || all.value.rows != all.key.rows || !all.query.columns) return false;
  regroup(all, all.query);
  if (args.is_none(i + 3)) return true;
  PyArrayObject* mask = args.array(i + 3);
  if (!mask || (PyArray_TYPE(mask) != type && PyArray_TYPE(mask) != NPY_BOOL)) return false;
  return read_mask(mask, all, query);
}

// A new array of that shape, its dimensions in memory in the same order; empty, without an error, if
// the last one is not the innermost.
Held new_like(PyArrayObject* like) {
  const int ndim = PyArray_NDIM(like);
  int order[max_lead + 2];
  npy_intp strides[max_lead + 2];
  auto distance = [&](int d) { return PyArray_STRIDE(like, d) < 0 ? -PyArray_STRIDE(like, d) : PyArray_STRIDE(like, d); };
  for (int d = 0; d < ndim; d++) {
    int at = d;
    for (; at > 0 && distance(order[at - 1]) < distance(d); at--) order[at] = order[at - 1];
    order[at] = d;
  }
  if (order[ndim - 1] != ndim - 1) return Held();
  npy_intp next = PyArray_ITEMSIZE(like);
  for (int i = ndim - 1; i >= 0; i--) strides[order[i]] = next, next *= PyArray_DIM(like, order[i]);
  return Held(new_array(ndim, PyArray_DIMS(like), PyArray_TYPE(like), strides));
}

// A new contiguous array of that shape, but for the size of the last dimension.
Held new_in_rows(PyArrayObject* like, int64_t columns) {
  npy_intp shape[max_lead + 2];
  const int ndim = PyArray_NDIM(like);
  for (int d = 0; d < ndim; d++) shape[d] = d < ndim - 1 ? PyArray_DIM(like, d) : npy_intp(columns);
  return Held(new_array(ndim, shape, PyArray_TYPE(like)));
}

// A new array like `a`, with all heads of a row beside each other: so a projection has them.
Held new_gradient(PyArrayObject* a) {
  const int ndim = PyArray_NDIM(a);
  npy_intp strides[max_lead + 2], next = PyArray_ITEMSIZE(a);
  const int heads = ndim - 3, rows = ndim - 2;
  auto place = [&](int d) { strides[d] = next, next *= PyArray_DIM(a, d); };
  place(ndim - 1);
  if (heads >= 0) place(heads);
  place(rows);
  for (int d = heads - 1; d >= 0; d--) place(d);
  return Held(new_array(ndim, PyArray_DIMS(a), PyArray_TYPE(a), strides));
}

// The scores of queries from `i` and keys from `j` on, not yet scaled.
template <class T>
Scores<T> score(const Attention& all, const T* query, const T* key, int64_t head, int64_t in_group, int64_t i,
                int64_t rows, int64_t j, int64_t columns, T* room) {
  const Heads &q = all.query, &k = all.key, &mask = all.mask;
  multiply_here(Product<T>{query + i * q.row, key + j * k.row, room, rows, columns, q.columns, q.row, q.column,
                           k.column, k.row, keys_at_once, false, nullptr});
  Scores<T> scores{room, keys_at_once, rows, columns, T(all.scale), nullptr, nullptr, mask.row, mask.column,
                   all.is_causal ? i - j + 1 : columns};
  if (!mask.array) return scores;
  const int64_t at = all.offset(mask, head) + in_group * mask.in_group + i * mask.row + j * mask.column;
  if (PyArray_TYPE(mask.array) == NPY_BOOL) scores.allowed = data<bool>(mask.array) + at;
  else scores.added = data<T>(mask.array) + at;
  return scores;
}

template <class T>
void attend(const Attention& all, const Heads& out, T* logsumexp, int64_t head, int64_t in_group, int64_t i) {
  const AttentionLoops<T>& use = loops_of<T>();
  const int64_t rows = std::min<int64_t>(all.query.rows - i, all.queries_at_once());
  const int64_t n_keys = all.key.rows, n = all.value.columns;
  const T* query = data<T>(all.query.array) + all.offset(all.query, head) + in_group * all.query.in_group;
  const T* key = data<T>(all.key.array) + all.offset(all.key, head);
  const T* value = data<T>(all.value.array) + all.offset(all.value, head);
  T* to = data<T>(out.array) + all.offset(out, head) + in_group * out.in_group + i * out.row;
  T* room = scratch<T>(scratch_second, most_queries * keys_at_once);
  T sum[most_queries] = {}, factor[most_queries];
  T* top = logsumexp + (head * all.group + in_group) * all.query.rows + i;
  for (int64_t r = 0; r < rows; r++) top[r] = -std::numeric_limits<T>::infinity();
  const int64_t end = all.is_causal ? std::min<int64_t>(n_keys, i + rows) : n_keys;
  for (int64_t j = 0; j < end; j += keys_at_once) {
    const int64_t columns = std::min<int64_t>(end - j, keys_at_once);
    const Scores<T> scores = score(all, query, key, head, in_group, i, rows, j, columns, room);
    use.weigh(scores, top, sum, factor);
    if (j > 0) use.scale_rows(to, out.row, rows, n, factor);
    multiply_here(Product<T>{room, value + j * all.value.row, to, rows, n, columns, keys_at_once, 1, all.value.row,
                             all.value.column, out.row, j > 0, nullptr});
  }
  if (end == 0)
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < n; c++) to[r * out.row + c] = 0;
  use.finish(rows, top, sum);
  use.scale_rows(to, out.row, rows, n, sum);
}

template <class F>
void run_tasks(const Attention& all, int64_t tasks, F&& task) {
  const double work = double(all.count()) * all.group * all.query.rows * all.key.rows *
                      (all.query.columns + all.value.columns + 16);
  unlocked(work > thread_work / 4, [&] {
    if (work >= 2 * thread_work) parallel::run(tasks, task);
    else
      for (int64_t i = 0; i < tasks; i++) task(i);
  });
}

// query, key, value, mask, is_causal, scale
PyObject* forward(const Args& args) {
  Attention all;
  if (args.count() != 6 || !read(args, 0, all)) return nullptr;
  // As PyTorch's kernel has it, or its products of stacks.
  const bool same = all.ndim == 2 && all.query.columns == all.value.columns &&
                    (!all.mask.array || PyArray_NDIM(all.mask.array) != 3);
  Held out = same ? new_like(all.query.array) : new_in_rows(all.query.array, all.value.columns);
  if (!out) return nullptr;
  Held logsumexp(new_array(all.ndim + 1, PyArray_DIMS(all.query.array), PyArray_TYPE(all.query.array)));
  if (!logsumexp) return nullptr;
  Heads to;
  read(out.get(), to);
  regroup(all, to);
  const int64_t step = all.queries_at_once(), blocks = (all.query.rows + step - 1) / step;
  auto run = [&](auto* top) {
    run_tasks(all, all.count() * all.group * blocks, [&](int64_t task) {
      const int64_t head = task / blocks;
      attend(all, to, top, head / all.group, head % all.group, task % blocks * step);
    });
  };
  if (PyArray_TYPE(out.get()) == NPY_FLOAT32) run(data<float>(logsumexp.get()));
  else run(data<double>(logsumexp.get()));
  PyObject* result = PyTuple_Pack(2, out.get(), logsumexp.get());
  return result;
}

struct Gradients {
  Heads g, out, query, key, value;
};

// The gradients that concern one head of the keys.
template <class T>
void differentiate(const Attention& all, const Gradients& of, const T* logsumexp, int64_t head) {
  const AttentionLoops<T>& use = loops_of<T>();
  const int64_t n_queries = all.query.rows, n_keys = all.key.rows, n = all.query.columns, n_value = all.value.columns;
  auto start = [&](const Heads& heads) { return data<T>(heads.array) + all.offset(heads, head); };
  const T *key = start(all.key), *value = start(all.value);
  T *g_key = start(of.key), *g_value = start(of.value);
  T* weights = scratch<T>(scratch_second, 2 * most_queries * keys_at_once + all.group * n_queries);
  T* slopes = weights + most_queries * keys_at_once;
  T* means = slopes + most_queries * keys_at_once;
  for (int64_t h = 0; h < all.group; h++)
    use.dot_rows(start(of.g) + h * of.g.in_group, of.g.row, of.g.column, start(of.out) + h * of.out.in_group,
                 of.out.row, n_queries, n_value, means + h * n_queries);
  for (int64_t j = 0; j < n_keys; j += keys_at_once) {
    const int64_t columns = std::min<int64_t>(n_keys - j, keys_at_once);
    T *to_key = g_key + j * of.key.row, *to_value = g_value + j * of.value.row;
    bool add = false;
    // Of causal attention, the queries before the block do not see it.
    const int64_t step = all.queries_at_once(), first = all.is_causal ? j / step * step : 0;
    for (int64_t h = 0; h < all.group; h++)
      for (int64_t i = first; i < n_queries; i += step) {
        const int64_t rows = std::min<int64_t>(n_queries - i, step);
        const T* query = start(all.query) + h * all.query.in_group;
        const T* g = start(of.g) + h * of.g.in_group + i * of.g.row;
        T* to_query = start(of.query) + h * of.query.in_group + i * of.query.row;
        const Scores<T> scores = score(all, query, key, head, h, i, rows, j, columns, weights);
        use.weigh_again(scores, logsumexp + (head * all.group + h) * n_queries + i);
        multiply_here(Product<T>{weights, g, to_value, columns, n_value, rows, 1, keys_at_once, of.g.row, of.g.column,
                                 of.value.row, add, nullptr});
        multiply_here(Product<T>{g, value + j * all.value.row, slopes, rows, columns, n_value, of.g.row, of.g.column,
                                 all.value.column, all.value.row, keys_at_once, false, nullptr});
        use.gradients(scores, slopes, means + h * n_queries + i);
        multiply_here(Product<T>{slopes, key + j * all.key.row, to_query, rows, n, columns, keys_at_once, 1,
                                 all.key.row, all.key.column, of.query.row, j > 0, nullptr});
        multiply_here(Product<T>{slopes, query + i * all.query.row, to_key, columns, n, rows, 1, keys_at_once,
                                 all.query.row, all.query.column, of.key.row, add, nullptr});
        add = true;
      }
    if (add) continue;
    for (int64_t r = 0; r < columns; r++) {  // keys that no query sees
      for (int64_t c = 0; c < n; c++) to_key[r * of.key.row + c] = 0;
      for (int64_t c = 0; c < n_value; c++) to_value[r * of.value.row + c] = 0;
    }
  }
}

// g, query, key, value, mask, is_causal, scale, out, logsumexp
PyObject* backward(const Args& args) {
  Attention all;
  Gradients of;
  if (args.count() != 9 || !read(args, 1, all) || !all.key.rows) return nullptr;
  const int type = PyArray_TYPE(all.query.array);
  PyArrayObject *g = args.array(0, type), *out = args.array(7, type), *logsumexp = args.array(8, type);
  if (!g || !out || !logsumexp || !is_contiguous(logsumexp)) return nullptr;
  if (PyArray_NDIM(g) != all.ndim + 2 || !PyArray_CompareLists(PyArray_DIMS(g), PyArray_DIMS(out), all.ndim + 2))
    return nullptr;
  if (!read(g, of.g) || !read(out, of.out) || of.out.column != 1) return nullptr;
  Held query = new_gradient(all.query.array), key = new_gradient(all.key.array), value = new_gradient(all.value.array);
  if (!query || !key || !value) return nullptr;
  read(query.get(), of.query), read(key.get(), of.key), read(value.get(), of.value);
  for (Heads* heads : {&of.g, &of.out, &of.query}) regroup(all, *heads);
  auto run = [&](const auto* sums) {
    run_tasks(all, all.count(), [&](int64_t head) { differentiate(all, of, sums, head); });
  };
  if (type == NPY_FLOAT32) run(data<float>(logsumexp));
  else run(data<double>(logsumexp));
  return PyTuple_Pack(3, query.get(), key.get(), value.get());
}

}  // namespace

const Entry attention_kernels[] = {
    {"scaled_dot_product_attention", forward},
    {"scaled_dot_product_attention.query,key,value", backward},
    {nullptr, nullptr},
};

}  // namespace tidu
