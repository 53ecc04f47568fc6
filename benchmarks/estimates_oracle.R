# Estimates of R's survey package, as the fixtures of tests/estimates. Called by estimates_oracle.py.
# Arguments: the folder of fixtures (holds town.csv), the folder of the api samples.
suppressMessages(library(survey))
args <- commandArgs(trailingOnly = TRUE)
fixtures <- args[1]; samples <- args[2]
options(digits = 15)
rows <- list()
add <- function(design, statistic, variable, domain, estimate, se, deff = NA, df = NA, low = NA, high = NA)
  rows[[length(rows) + 1]] <<- data.frame(design, statistic, variable, domain, estimate, se, deff, df, low, high)
mean_of <- function(name, d, v, deff = FALSE) {
  m <- svymean(as.formula(paste0("~", v)), d, na.rm = TRUE, deff = deff)
  add(name, "mean", v, "", coef(m)[1], SE(m)[1], if (deff) deff(m)[1] else NA, degf(d))
}
total_of <- function(name, d, v, deff = FALSE) {
  m <- svytotal(as.formula(paste0("~", v)), d, na.rm = TRUE, deff = deff)
  add(name, "total", v, "", coef(m)[1], SE(m)[1], if (deff) deff(m)[1] else NA)
}
ratio_of <- function(name, d, a, b) {
  m <- svyratio(as.formula(paste0("~", a)), as.formula(paste0("~", b)), d, na.rm = TRUE)
  add(name, "ratio", paste(a, b, sep = " / "), "", coef(m)[1], SE(m)[1])
}
share_of <- function(name, d, v, level) {
  d <- eval(bquote(update(d, here = as.numeric(.(as.name(v)) == .(level)))))
  m <- svyciprop(~here, d, method = "logit")
  add(name, "proportion", paste0(v, "=", level), "", as.numeric(m)[1], SE(m)[1], low = attr(m, "ci")[1], high = attr(m, "ci")[2])
}
quantile_of <- function(name, d, v, q) {
  m <- svyquantile(as.formula(paste0("~", v)), d, q, na.rm = TRUE)
  add(name, paste("quantile", q), v, "", coef(m)[1], SE(m)[1], low = m[[1]][1, 2], high = m[[1]][1, 3])
}
by_of <- function(name, d, v, g) {
  m <- svyby(as.formula(paste0("~", v)), as.formula(paste0("~", g)), d, svymean, na.rm = TRUE)
  for (i in seq_len(nrow(m))) add(name, "mean", v, paste0(g, "=", m[[1]][i]), coef(m)[i], SE(m)[i])
}
totals_by_of <- function(name, d, v, g) {
  m <- svyby(as.formula(paste0("~", v)), as.formula(paste0("~", g)), d, svytotal, na.rm = TRUE)
  for (i in seq_len(nrow(m))) add(name, "total", v, paste0(g, "=", m[[1]][i]), coef(m)[i], SE(m)[i])
}
everything <- function(name, d, v, w, below, category, level, group, deff = TRUE) {
  mean_of(name, d, v, deff); total_of(name, d, w, deff); ratio_of(name, d, w, below)
  share_of(name, d, category, level); by_of(name, d, v, group); totals_by_of(name, d, w, group)
}

# --- the api samples
read_api <- function(name) read.csv(file.path(samples, paste0("api_", name, ".csv")), check.names = TRUE)
apistrat <- read_api("apistrat"); apiclus1 <- read_api("apiclus1"); apiclus2 <- read_api("apiclus2"); apisrs <- read_api("apisrs")
stype <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))
tight <- list(maxit = 200, epsilon = 1e-12)
designs <- list(
  srs = svydesign(id = ~1, weights = ~pw, fpc = ~fpc, data = apisrs),
  strat = svydesign(id = ~1, strata = ~stype, weights = ~pw, fpc = ~fpc, data = apistrat),
  strat_nofpc = svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat),
  clus1 = svydesign(id = ~dnum, weights = ~pw, fpc = ~fpc, data = apiclus1),
  clus1_nofpc = svydesign(id = ~dnum, weights = ~pw, data = apiclus1),
  clus2 = svydesign(id = ~dnum + snum, fpc = ~fpc1 + fpc2, data = apiclus2))
designs$clus1_ps <- postStratify(designs$clus1, ~stype, stype)
designs$clus1_raked <- rake(designs$clus1, list(~stype, ~sch.wide), list(stype, wide), control = tight)
designs$clus1_nofpc_raked <- rake(designs$clus1_nofpc, list(~stype, ~sch.wide), list(stype, wide), control = tight)
known <- c(`(Intercept)` = 6194, stypeH = 755, stypeM = 1018, api99 = 3914069)
designs$clus1_greg <- calibrate(designs$clus1, ~stype + api99, known)
designs$clus1_greg99 <- calibrate(designs$clus1, ~api99, known[c(1, 4)])
designs$strat_logit <- calibrate(designs$strat, ~stype + api99, known, calfun = "logit", bounds = c(0.8, 1.2), epsilon = 1e-12)
designs$strat_raking <- calibrate(designs$strat, ~stype + api99, known, calfun = "raking", epsilon = 1e-12)
designs$strat_ps <- postStratify(designs$strat, ~sch.wide, wide)
designs$clus1_jk1 <- as.svrepdesign(designs$clus1_nofpc)
designs$clus1_jk1_raked <- rake(designs$clus1_jk1, list(~stype, ~sch.wide), list(stype, wide), control = tight)
designs$strat_jkn <- as.svrepdesign(designs$strat)
for (name in names(designs)) {
  replicated <- inherits(designs[[name]], "svyrep.design")
  everything(name, designs[[name]], "api00", "enroll", "api.stu", "awards", "Yes", "stype", deff = !replicated)
  if (!replicated) for (q in c(0.251, 0.5, 0.903)) quantile_of(name, designs[[name]], "api00", q)
}

# --- the town
town <- read.csv(file.path(fixtures, "town.csv"))
town$blocks_there <- town$blocks
t <- list(
  town = svydesign(id = ~block, strata = ~district, weights = ~weight, data = town),
  town_fpc = svydesign(id = ~block + person, strata = ~district, fpc = ~blocks + people, weights = ~weight, data = town),
  town_people = svydesign(id = ~1, weights = ~weight, data = town))
age <- data.frame(age = c("18-34", "35-54", "55+"), Freq = c(6000, 8000, 5000))
sex <- data.frame(sex = c("female", "male"), Freq = c(10000, 9000))
both <- data.frame(age = rep(age$age, 2), sex = rep(sex$sex, each = 3), Freq = c(3000, 4200, 2800, 3000, 3800, 2200))
t$town_ps <- postStratify(t$town, ~age + sex, both)
# rake() of 4.1.1 takes unweighted residuals, which is right only with equal base weights; calibrate() takes weighted ones.
margins <- c(19000, 8000, 5000, 9000)
t$town_raked <- calibrate(t$town, ~age + sex, margins, calfun = "raking", epsilon = 1e-12)
t$town_greg <- calibrate(t$town, ~age + sex + years, c(19000, 8000, 5000, 9000, 19000 * 19))
t$town_fpc_raked <- calibrate(t$town_fpc, ~age + sex, margins, calfun = "raking", epsilon = 1e-12)
pairs <- subset(town, block %in% unlist(lapply(split(town$block, town$district), function(b) unique(b)[1:2])))
write.csv(pairs["person"], file.path(fixtures, "town_pairs.csv"), row.names = FALSE)
paired <- svydesign(id = ~block, strata = ~district, weights = ~weight, data = pairs)
brr <- as.svrepdesign(paired, type = "BRR"); fay <- as.svrepdesign(paired, type = "Fay", fay.rho = 0.3)
set.seed(1)
boot <- as.svrepdesign(t$town, type = "subbootstrap", replicates = 40)
save <- function(d, name, data) {
  w <- round(as.matrix(weights(d, "analysis")), 9)
  colnames(w) <- paste0("V", seq_len(ncol(w)))
  write.csv(cbind(person = data$person, w), file.path(fixtures, name), row.names = FALSE)
}
save(brr, "town_brr.csv", pairs); save(fay, "town_fay.csv", pairs); save(boot, "town_bootstrap.csv", town)
t$town_jkn <- as.svrepdesign(t$town, type = "JKn"); t$town_jkn_raked <- rake(t$town_jkn, list(~age, ~sex), list(age, sex), control = tight)
t$town_brr <- brr; t$town_fay <- fay; t$town_bootstrap <- boot
for (name in names(t)) {
  replicated <- inherits(t[[name]], "svyrep.design")
  everything(name, t[[name]], "trust", "visits", "years", "age", "55+", "sex", deff = !replicated)
  if (!replicated) quantile_of(name, t[[name]], "years", 0.5)
}
lonely <- subset(town, !(district == "d0" & half == 1))
for (rule in c("certainty", "adjust", "average")) {
  options(survey.lonely.psu = rule)
  d <- svydesign(id = ~block, strata = ~district, weights = ~weight, data = lonely)
  mean_of(paste0("lonely_", rule), d, "trust"); total_of(paste0("lonely_", rule), d, "visits")
}
options(survey.lonely.psu = "fail")
cat(sprintf("bootstrap scale %.12g, rscales %.12g\n", boot$scale, boot$rscales[1]))
cat(sprintf("BRR scale %.12g, Fay scale %.12g\n", brr$scale, fay$scale))
result <- do.call(rbind, rows)
write.csv(result, file.path(fixtures, "r_survey.csv"), row.names = FALSE, na = "", quote = FALSE)
cat(nrow(result), "rows;", length(unique(paste(result$design, result$statistic))), "combinations; survey", as.character(packageVersion("survey")), "\n")
