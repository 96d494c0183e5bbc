#include "model_file.hpp"

#include "model_state.hpp"
#include "safetensors_file.hpp"

namespace xg::nn {

void save(const AnyModel& model, const std::string& path, Site site) {
  std::vector<NamedArray> arrays;
  detail::ModelState("save", model, site).collect("", arrays);
  detail::write_arrays({"save", path, site}, arrays, {{"format", "pt"}});
}

LoadReport load(const AnyModel& model, const std::string& path, const LoadOptions& options, Site site) {
  detail::ArrayFile file = detail::read_arrays({"load", path, site}, options.max_bytes);
  detail::Given given(file.arrays, options.prefix);
  detail::ModelState state("load", model, site);
  state.check("", given);
  given.finish();
  if (!options.partial && !given.report.fits()) detail::refuse(given.report, "load", path, site);
  state.load(site);
  return std::move(given.report);
}

}  // namespace xg::nn
