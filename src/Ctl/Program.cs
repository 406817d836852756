using AtomikD.Ctl;

return await CommandLine.RunAsync(args);
