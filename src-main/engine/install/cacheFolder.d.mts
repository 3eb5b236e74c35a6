export declare const cacheFolder: (part: 'engine' | 'weights') => string;
