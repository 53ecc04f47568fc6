margins <- lapply(names(given$targets), function(m) {
  d <- data.frame(factor(names(given$targets[[m]]), levels = names(given$targets[[m]])), unlist(given$targets[[m]]))
  names(d) <- c(m, "Freq")
  d
})
formulas <- lapply(names(given$targets), function(m) as.formula(paste0("~", m)))
run <- timed(function() {
  d <- svydesign(id = ~1, weights = ~w, data = df)
  rake(d, formulas, margins, control = list(maxit = 1000, epsilon = given$tolerance))
})
done(weights(run$result), run)
